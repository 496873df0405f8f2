"""Fixtures that many tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipelines.home import Home
from pipelines.sandbox import Sandbox, serve


@pytest.fixture(autouse=True)
def _no_outer_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings or clouds of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("CBR_", "OS_")) or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)
    # The services of tests stand on loopback: nobody has to be spared.
    monkeypatch.setenv("CBR_REQUESTS_PER_SECOND", "100000")
    monkeypatch.setattr("pipelines.extract.retry.FIRST_WAIT", 0.001)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def service() -> Iterator[Sandbox]:
    """A service with the synthetic estate."""
    with serve() as served:
        yield served


def clouds_yaml(folder: Path, **clouds: object) -> Path:
    """Write a clouds.yaml that names `clouds`."""
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    return path
