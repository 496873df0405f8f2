"""`cbr-warehouse check`: what each cloud grants, in seconds, without writing anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.sandbox.inventory import Inventory
from pipelines.sandbox.responses import FORBIDDEN
from pipelines.sandbox.server import Sandbox, serve_store
from pipelines.sandbox.store import MemoryStore
from tests.conftest import clouds_yaml


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with serve_store(MemoryStore([]), inventory=Inventory()) as served:
        path = clouds_yaml(tmp_path, prod=served.cloud(), closed=served.cloud("sandbox-1_closed"))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        yield served


def check(monkeypatch: pytest.MonkeyPatch, clouds: str) -> Result:
    monkeypatch.setenv("CBR_CLOUDS", clouds)
    return CliRunner().invoke(main, ["check"])


def lines(result: Result) -> dict[str, str]:
    """Return what is said of each call."""
    rows = [line for line in result.stdout.splitlines() if line.startswith("  ")]
    return {row[2:19].strip(): row[19:] for row in rows}


def test_all_that_is_granted_is_said_to_be_and_nothing_is_written(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = check(monkeypatch, "prod")
    assert result.exit_code == 0
    assert len(lines(result)) == 8
    assert all(line.startswith("granted") for line in lines(result).values())
    assert sorted(tmp_path.rglob("*")) == before
    assert service.requests.total() + service.input_requests.total() == 9  # with the token


def test_a_refused_call_names_the_permission_to_ask_for(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    respond = service.inputs.respond
    monkeypatch.setattr(
        service.inputs, "respond", lambda path, query: FORBIDDEN if path[0] == "traces" else respond(path, query)
    )
    result = check(monkeypatch, "prod")
    assert result.exit_code == 0
    assert lines(result)["CTS ListTraces"] == "not granted  who deleted or changed what: ask for cts:trace:list"
    assert lines(result)["ListVault"].startswith("granted")


def test_a_cloud_whose_backups_are_refused_ends_the_check_with_an_error(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = check(monkeypatch, "closed,prod,nowhere")
    assert result.exit_code == 1
    assert result.stdout.count("not granted") == 8
    assert "cloud 'nowhere' is not in" in result.stdout
    assert "the backups of closed, nowhere can't be read" in result.stderr
