"""Fixtures that many tests share."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config import Settings
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.run import ScopeLocations, ScopeRun
from pipelines.sandbox import Sandbox, serve
from pipelines.storage.home import Home
from tests.given import undescribed
from tests.together import results, shared_home  # noqa: F401


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run single tests, and what is not there, in this process: workers keep what pytest says of a wrong name."""
    names = [argument.partition("::") for argument in config.args]
    if any(name or not (config.invocation_params.dir / path).exists() for path, _, name in names):
        config.option.numprocesses = 0


@pytest.fixture(autouse=True)
def _no_outer_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings or clouds of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("CBR_", "OS_")) or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)
    # The services of tests stand on loopback: nobody has to be spared.
    monkeypatch.setenv("CBR_REQUESTS_PER_SECOND", "100000")
    monkeypatch.setattr("pipelines.extract.retry.FIRST_WAIT", 0.001)
    monkeypatch.setattr("pipelines.extract.snapshot.CONFIRM_SECONDS", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _undescribed() -> Iterator[None]:
    """Publish without descriptions in this process, but where a test asks for them with `describing`."""
    with undescribed():
        yield


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def service() -> Iterator[Sandbox]:
    """A service with the synthetic estate."""
    with serve() as served:
        yield served


@dataclass(frozen=True)
class Demo:
    """What `cbr-warehouse demo` said, run in a folder of its own by somebody who has clouds and a home."""

    exit_code: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def home(self) -> Home:
        return Home(self.folder / "cbr-demo")

    @property
    def dagster_home(self) -> Path:
        """Where Dagster remembers its run."""
        return self.folder / "dagster"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    """The demo, run once for all tests; they only look at it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "demo"
    folder.mkdir(exist_ok=True)
    said = folder / "said.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            environ = os.environ | {"CBR_CLOUDS": "production", "CBR_HOME": str(folder / "real")}
            environ |= {"DAGSTER_HOME": str(_dagster_home(folder)), "DAGSTER_DISABLE_TELEMETRY": "1"}
            done = subprocess.run(
                [sys.executable, "-m", "pipelines.cli", "demo"],
                cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            said.write_text(json.dumps([done.returncode, done.stdout, done.stderr]))
    exit_code, stdout, stderr = json.loads(said.read_text())
    return Demo(exit_code, stdout, stderr, folder)


def _dagster_home(folder: Path) -> Path:
    made = folder / "dagster"
    made.mkdir()
    (made / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    return made


def clouds_yaml(folder: Path, **clouds: object) -> Path:
    """Write a clouds.yaml that names `clouds`."""
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    return path


def scope_run(home: Home, settings: Settings) -> ScopeRun:
    """The run of the scope `prod` alone."""
    limiters = RateLimiters(settings.reading.requests_per_second)
    return ScopeRun(home, "prod", settings.reading, limiters, ScopeLocations(home))


def elsewhere(service: Sandbox) -> dict[str, Any]:
    """The entry of a service as of another region than that of all sandboxes."""
    return service.cloud() | {"region_name": "elsewhere-1", "cbr_endpoint_override": service.url}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by playwright."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("there is no Chromium; apt-get install chromium brings it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
