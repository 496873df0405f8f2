"""The inputs beside the backups: what was sent is in the tables, with its history and how it was read."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pipelines.contract.inputs import FAILED, NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, fold, server

DAY = timedelta(days=1)


def vault(vault_id: str = "vault-1", *, used: int = 2048, resources: list[Body] | None = None, **more: Any) -> Body:
    billing = {"status": "available", "protect_type": "backup", "object_type": "server", "size": 100, "used": used}
    return {"id": vault_id, "name": vault_id, "billing": billing, "locked": False, "resources": resources or [], **more}


def day(number: int, **inputs: Any) -> Landed:
    return Landed([server()], as_of=AS_OF + number * DAY, inputs=inputs)


def test_a_vault_has_its_units_and_its_resources(home: Home) -> None:
    resource = {"id": "server-1", "type": "OS::Nova::Server", "auto_protect": True, "backup_size": 17048}
    resource["extra_info"] = {"include_volumes": [{"id": "disk-1", "os_version": "x"}], "exclude_volumes": ["disk-2"]}
    fold(home, day(0, vaults=[vault(resources=[resource], tags=[{"key": "env", "value": "prod"}])]))
    [row] = ask(home, "SELECT * FROM cbr.vaults")
    assert (row["billing_size"], row["billing_used"], row["locked"]) == (100, 2048, False)
    assert json.loads(row["tags"]) == [{"key": "env", "value": "prod"}]
    [row] = ask(home, "SELECT * FROM cbr.vault_resources")
    assert (row["vault_id"], row["id"], row["backup_size"]) == ("vault-1", "server-1", 17048)
    assert row["extra_info_include_volumes"] == ["disk-1"]
    assert row["extra_info_exclude_volumes"] == ["disk-2"]
    assert json.loads(row["extra_info"]) == resource["extra_info"]


def test_a_record_without_an_id_is_rejected_and_counted(home: Home) -> None:
    fold(home, day(0, vaults=[vault(), {"name": "nameless"}, "odd"]))
    assert [row["reason"] for row in ask(home, "SELECT reason FROM meta.rejects ORDER BY path")] == [
        "it has no id",
        "an object was expected, not string",
    ]
    sql = "SELECT records, row_count, rejects FROM meta.loads WHERE table_name = 'vaults'"
    assert ask(home, sql) == [{"records": 3, "row_count": 1, "rejects": 2}]


def test_each_day_of_a_vault_is_a_version(home: Home) -> None:
    fold(home, *(day(number, vaults=[vault(used=1000 + number // 2)]) for number in range(3)))
    sql = "SELECT billing_used, valid_from, valid_to, first_seen FROM history.vaults ORDER BY valid_from"
    assert [tuple(row.values()) for row in ask(home, sql)] == [
        (1000, AS_OF, AS_OF + 2 * DAY, AS_OF),
        (1001, AS_OF + 2 * DAY, None, AS_OF),
    ]


def test_a_vault_that_a_whole_list_lacks_is_gone(home: Home) -> None:
    fold(home, day(0, vaults=[vault("a"), vault("b")]), day(1, vaults=[vault("a")]))
    assert ask(home, "SELECT id FROM cbr.vaults") == [{"id": "a"}]
    assert ask(home, "SELECT id, valid_to FROM history.vaults_closed") == [{"id": "b", "valid_to": AS_OF + DAY}]


def test_a_list_that_is_not_whole_ends_nothing_and_adds_what_it_has(home: Home) -> None:
    fold(home, day(0, vaults=[vault("a"), vault("b")]))
    fold(home, replace(day(1, vaults=[vault("a", used=5), vault("c")]), partial=("vaults",)))
    rows = ask(home, "SELECT id, billing_used FROM cbr.vaults ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("a", 5), ("b", 2048), ("c", 2048)]
    sql = "SELECT complete, problem FROM meta.inputs"
    assert ask(home, sql) == [{"complete": False, "problem": "a page was missing"}]


def test_an_input_that_is_refused_keeps_what_was_read_and_says_what_to_ask_for(home: Home) -> None:
    fold(home, day(0, vaults=[vault()]), day(1, vaults=InputReading("vaults", NOT_GRANTED, problem="403")))
    assert ask(home, "SELECT id FROM cbr.vaults") == [{"id": "vault-1"}]
    [row] = ask(home, "SELECT status, permission, problem, last_read_at FROM meta.inputs")
    assert row == {"status": NOT_GRANTED, "permission": "cbr:vaults:list", "problem": "403", "last_read_at": AS_OF}


def operation(key: str, status: str = "success", **more: Any) -> Body:
    started = (AS_OF - timedelta(hours=3)).isoformat(timespec="microseconds")
    return {"id": key, "operation_type": "backup", "status": status, "started_at": started, **more}


def test_a_log_keeps_what_the_service_has_forgotten_and_the_latest_state_of_each_record(home: Home) -> None:
    fold(home, day(0, operations=[operation("a"), operation("b", "running")]), day(1, operations=[operation("b")]))
    rows = ask(home, "SELECT id, status FROM cbr.operations ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("a", "success"), ("b", "success")]


def test_the_time_of_an_audit_event_is_utc(home: Home) -> None:
    event = {
        "trace_id": "t",
        "trace_name": "deleteBackup",
        "time": 1740000000123,
        "code": "204",
        "user": {"name": "eve"},
    }
    fold(home, day(0, audit_events=[event]))
    [row] = ask(home, "SELECT time, user_name FROM cbr.audit_events")
    assert row == {"time": datetime(2025, 2, 19, 21, 20, 0, 123000), "user_name": "eve"}


def test_a_period_that_no_reading_of_a_log_has_is_a_gap(home: Home) -> None:
    fold(home, day(0, audit_events=[]), day(6, audit_events=[]), day(20, audit_events=[]))
    assert ask(home, "SELECT gap_from, gap_to FROM meta.input_gaps") == [
        {"gap_from": AS_OF + 6 * DAY, "gap_to": AS_OF + 13 * DAY}
    ]


def test_a_failed_reading_is_no_gap_while_the_log_can_still_be_read(home: Home) -> None:
    failed = InputReading("audit_events", FAILED, problem="no answer")
    fold(home, day(0, audit_events=[]), day(3, audit_events=failed), day(6, audit_events=[]))
    assert ask(home, "SELECT * FROM meta.input_gaps") == []


def test_an_input_is_ready_incomplete_stale_or_missing(home: Home) -> None:
    failed = InputReading("vaults", FAILED, problem="no answer")
    refused = InputReading("policies", NOT_GRANTED, problem="403")
    given = day(0, vaults=[vault()], policies=refused, protectables=[], operations=replace(failed, name="operations"))
    fold(home, replace(given, partial=("protectables",)), day(2, vaults=failed, policies=refused))

    def states() -> dict[str, str]:
        return {row["input"]: row["state"] for row in ask(home, "SELECT input, state FROM staging.stg_inputs")}

    expected = {"protectables": "incomplete", "operations": "stale", "policies": "missing", "checkpoints": "missing"}
    assert states() == expected | {"vaults": "ready", "audit_events": "missing"}
    fold(home, day(3, vaults=failed))
    assert states()["vaults"] == "stale"


def test_a_list_that_was_not_whole_stays_incomplete_while_reading_fails(home: Home) -> None:
    failed = InputReading("protectables", FAILED, problem="no answer")
    fold(home, replace(day(0, protectables=[]), partial=("protectables",)), day(1, protectables=failed))
    sql = "SELECT state FROM staging.stg_inputs WHERE input = 'protectables'"
    assert ask(home, sql) == [{"state": "incomplete"}]
