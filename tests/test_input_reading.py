"""Reading the inputs beside the backups: what is refused, fails or can't be proven whole says so and ends nothing."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from pipelines import clock
from pipelines.config import ReadSettings
from pipelines.contract.inputs import FAILED, GRANTED, INPUTS, NOT_GRANTED
from pipelines.extract.client import Body as Page
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.record_list import read_pages
from pipelines.extract.run import ScopeLocations, ScopeRun
from pipelines.extract.snapshot import land_scope
from pipelines.landing.manifest import InputReading, Snapshot
from pipelines.sandbox.faults import Fault, Faults
from pipelines.sandbox.filters import Query
from pipelines.sandbox.inventory import Inventory
from pipelines.sandbox.responses import FORBIDDEN, Response
from pipelines.sandbox.server import Sandbox, serve_store
from pipelines.sandbox.store import MemoryStore
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml
from tests.given import Body

CALLS = {
    "vaults": "vaults",
    "policies": "policies",
    "protectables": "protectables",
    "operations": "operation-logs",
    "audit_events": "traces",
}


def inventory(size: int) -> Inventory:
    """So many records of each kind."""
    moment = clock.utc_now() - timedelta(hours=1)
    started = moment.isoformat(timespec="microseconds")
    milliseconds = int(moment.replace(tzinfo=UTC).timestamp() * 1000)
    return Inventory(
        vaults=[{"id": f"v{n}", "resources": []} for n in range(size)],
        policies=[{"id": f"p{n}", "associated_vaults": []} for n in range(size)],
        protectables={kind: [{"id": f"{kind}-{n}"} for n in range(size)] for kind in ("server", "disk", "turbo")},
        operations=[{"id": f"o{n}", "status": "success", "started_at": started} for n in range(size)],
        events=[{"trace_id": f"t{n:04}", "time": milliseconds} for n in range(size)],
    )


@pytest.fixture
def sandbox(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    home.prepare()
    with serve_store(MemoryStore([]), inventory=inventory(3)) as served:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(home.path, prod=served.cloud())))
        yield served


def land(home: Home, **settings: Any) -> Snapshot:
    run = ScopeRun(home, "prod", ReadSettings(**settings), RateLimiters(1e6), ScopeLocations(home))
    return land_scope(run)


def readings(home: Home, **settings: Any) -> dict[str, InputReading]:
    return {reading.name: reading for reading in land(home, **settings).inputs}


def test_every_input_is_read_whole(home: Home, sandbox: Sandbox) -> None:
    found = readings(home)
    assert {name: (reading.status, reading.complete, reading.records) for name, reading in found.items()} == {
        "vaults": (GRANTED, True, 3),
        "policies": (GRANTED, True, 3),
        "protectables": (GRANTED, True, 9),
        "operations": (GRANTED, True, 3),
        "checkpoints": (GRANTED, True, 0),
        "audit_events": (GRANTED, True, 3),
    }


def test_an_empty_account_has_whole_lists_of_nothing(home: Home, sandbox: Sandbox) -> None:
    sandbox.inputs.inventory = Inventory()
    assert {(reading.status, reading.complete, reading.records) for reading in readings(home).values()} == {
        (GRANTED, True, 0)
    }


def test_a_refused_call_names_the_permission_and_ends_nothing(home: Home, sandbox: Sandbox) -> None:
    sandbox.inputs.inventory = None
    snapshot = land(home)
    assert snapshot.complete
    refused = {reading.name: reading for reading in snapshot.inputs if reading.status == NOT_GRANTED}
    assert refused.keys() == CALLS.keys()
    for source in INPUTS:
        if source.name in refused:
            assert source.permission in str(refused[source.name].problem)
    assert not any(name.startswith(tuple(CALLS)) for name in snapshot.parts)


@pytest.mark.parametrize("name", CALLS)
def test_one_refused_call_leaves_the_others(
    home: Home, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    respond = sandbox.inputs.respond
    monkeypatch.setattr(
        sandbox.inputs, "respond", lambda path, query: FORBIDDEN if path[0] == CALLS[name] else respond(path, query)
    )
    statuses = {reading.name: reading.status for reading in readings(home).values()}
    assert {other for other, status in statuses.items() if status == NOT_GRANTED} == {name}


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.THROTTLED, Fault.PORTAL, Fault.EXPIRED, Fault.GATEWAY])
def test_a_transient_fault_of_each_call_is_repeated(home: Home, sandbox: Sandbox, fault: Fault) -> None:
    sent: Counter[str] = Counter()

    def draw(kind: str) -> Fault | None:
        sent[kind] += 1
        return fault if kind in CALLS.values() and sent[kind] == 1 else None

    sandbox.faults = Faults(draw)
    assert all(reading.status == GRANTED and reading.complete for reading in readings(home).values())
    assert all(sent[kind] > 1 for kind in CALLS.values())


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_never_answers_is_given_up_and_ends_nothing(home: Home, sandbox: Sandbox, name: str) -> None:
    sandbox.faults = Faults(lambda kind: Fault.ERROR if kind == CALLS[name] else None)
    snapshot = land(home, retry_seconds=0.2)
    assert snapshot.complete
    assert [reading.name for reading in snapshot.inputs if reading.status == FAILED] == [name]


@pytest.mark.parametrize("size", [49, 50, 51, 100, 120, 999, 1000, 1001])
def test_lists_of_every_length_are_read_whole(home: Home, sandbox: Sandbox, size: int) -> None:
    sandbox.inputs.inventory = inventory(size)
    found = readings(home)
    assert {name: found[name].records for name in CALLS} == dict.fromkeys(CALLS, size) | {"protectables": 3 * size}
    assert all(found[name].complete for name in CALLS)


def list_of(name: str, pages: list[tuple[list[str], Any]]) -> tuple[str | None, int]:
    """Read pages of ids, each with the count that the service gives; return the problem and how many there are."""
    [source] = [source for source in INPUTS if source.name == name]
    sent = iter(pages)

    def get_page(_offset: int) -> Page:
        ids, count = next(sent, ([], pages[-1][1]))
        body: Body = {source.path[0]: [{source.key: identity} for identity in ids], "count": count}
        return Page(json.dumps(body).encode(), body)

    records = read_pages(source, get_page, lambda _: None, 2)
    return records.problem, len(records.ids)


@pytest.mark.parametrize(
    ("pages", "problem", "size"),
    [
        ([(["a", "b"], 3), (["c"], 3)], None, 3),
        ([(["a", "b"], 2), ([], 2)], None, 2),
        ([(["a", "b"], 4), (["b", "c"], 4), (["d"], 4)], None, 4),
        ([(["a", "b"], 3), (["c"], 4), ([], 4)], "changed between 3 and 4", 3),
        ([(["a", "b"], 4), (["a", "b"], 4)], "2 were read where the service counts 4", 2),
        ([(["a"], 3), ([], 3)], "1 were read where the service counts 3", 1),
        ([(["a", "b"], None)], "did not say how many", 2),
        ([(["a", ""], 2)], "1 records have no id", 1),
    ],
)
def test_a_list_is_whole_only_if_its_distinct_ids_are_as_many_as_counted(
    pages: list[tuple[list[str], Any]], problem: str | None, size: int
) -> None:
    found, read = list_of("vaults", pages)
    assert read == size
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "audit_events"])
def test_a_hundred_thousand_records_are_read_whole(name: str) -> None:
    ids = [f"id-{number}" for number in range(100_000)]
    pages: list[tuple[list[str], Any]] = [(ids[start : start + 2000], 100_000) for start in range(0, 100_000, 2000)]
    assert list_of(name, pages) == (None, 100_000)


def test_a_log_is_read_from_where_the_last_reading_ended(home: Home, sandbox: Sandbox) -> None:
    first, second = readings(home), readings(home)
    assert first["operations"].read_until is not None
    assert second["operations"].read_from == first["operations"].read_until - timedelta(days=2)
    assert first["audit_events"].read_until is not None
    assert second["audit_events"].read_from == first["audit_events"].read_until - timedelta(hours=6)


def test_a_quiet_day_costs_one_request_for_each_list_and_one_page_of_proof(home: Home, sandbox: Sandbox) -> None:
    land(home)
    sandbox.input_requests.clear()
    land(home)
    expected = {"vaults": 1, "policies": 1, "protectables": 3, "operation-logs": 1, "traces": 2}
    assert {kind: sandbox.input_requests[kind] for kind in CALLS.values()} == expected
    assert sandbox.input_requests["checkpoints"] == 0


def test_a_run_with_trouble_has_its_restore_point_read(home: Home, sandbox: Sandbox) -> None:
    assert sandbox.inputs.inventory is not None
    trouble = sandbox.inputs.inventory.operations
    trouble[0] |= {"status": "skipped", "checkpoint_id": "kept"}
    trouble[1] |= {"status": "failed", "checkpoint_id": "gone"}
    sandbox.inputs.inventory.checkpoints["kept"] = {"id": "kept", "vault": {"id": "v0", "skipped_resources": []}}
    read = readings(home)["checkpoints"]
    assert (read.status, read.complete, read.records) == (GRANTED, True, 1)


def test_a_full_page_of_traces_without_a_marker_is_not_the_end(
    home: Home, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.inputs.inventory = inventory(200)
    respond = sandbox.inputs.respond

    def without_marker(path: Sequence[str], query: Query) -> Response:
        response = respond(path, query)
        return replace(response, body=response.body | {"meta_data": {}}) if path[0] == "traces" else response

    monkeypatch.setattr(sandbox.inputs, "respond", without_marker)
    read = readings(home)["audit_events"]
    assert (read.status, read.complete, read.records) == (GRANTED, False, 200)
