"""The synthetic estate: the report names each planted problem, and nothing else."""

from datetime import datetime

import pytest

from pipelines.home import Home
from pipelines.sandbox.estate import estate, resources
from pipelines.sandbox.stories import STORIES, TOLD_BY
from tests.given import Landed, publish, query

NOW = datetime(2026, 3, 1, 12)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    shown = estate(NOW)
    project = str(shown[0]["project_id"])
    return publish(Home(tmp_path_factory.mktemp("estate") / "home"), Landed(shown, as_of=NOW, project=project))


def test_the_report_names_each_planted_problem_and_nothing_else(judged: Home) -> None:
    found = query(
        judged,
        """
        SELECT DISTINCT resource_name, control_id, raw_status, reason_code
        FROM compliance.control_results
        WHERE raw_status IN ('fail', 'unknown') AND subject_type <> 'volume_via_server' AND resource_name IS NOT NULL
        """,
    )
    planted = {(name, *finding) for name, told in TOLD_BY.items() for story in told for finding in STORIES[story].found}
    assert set(found) == planted


def test_disks_inside_servers_fail_only_with_their_server(judged: Home) -> None:
    sql = "SELECT DISTINCT resource_name FROM compliance.control_results WHERE raw_status = 'fail' AND subject_type = 'volume_via_server'"
    owners = {name.partition("-disk-")[0] for (name,) in query(judged, sql)}
    assert owners == {"erp-db", "mail-01", "wiki-01", "crm-db", "ledger-db", "lab-01", "orphan-01"}


def test_the_estate_is_the_same_for_the_same_instant_and_has_every_state() -> None:
    bodies = estate(NOW)
    assert bodies == estate(NOW)
    assert len({body["id"] for body in bodies}) == len(bodies)
    statuses = "available protecting deleting restoring error waiting_protect waiting_delete waiting_restore"
    assert {body["status"] for body in bodies} == set(statuses.split())
    records = {record["status"] for body in bodies for record in body["replication_records"]}
    assert records == {"replicating", "success", "fail", "skip", "waiting_replicate"}
    assert {len(resource.disks) for resource in resources()} == {1, 2, 3, 4}
    assert len({body["vault_id"] for body in bodies}) > 3
    assert len({body.get("enterprise_project_id") for body in bodies}) > 2


def test_the_wires_oddities_are_in_it_and_every_record_is_loaded(judged: Home) -> None:
    drift = {(path, kind) for path, kind in query(judged, "SELECT path, kind FROM meta.drift")}
    assert drift >= {("resource_size", "coerced"), ("support_lld", "coerced"), ("retention_lock", "unknown")}
    assert query(judged, "SELECT count(*) FROM meta.rejects") == [(0,)]
