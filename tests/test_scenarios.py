"""The synthetic estate: the report names each planted problem, and nothing else."""

from datetime import datetime, timedelta

from pipelines.sandbox.backups import stable_id
from pipelines.sandbox.estate import estate, resources
from pipelines.sandbox.inventory_scenarios import FULL_VAULT
from pipelines.sandbox.scenarios import MEMBER_FINDINGS, RESOURCE_SCENARIOS, SCENARIOS, VAULT_FINDINGS
from tests.conftest import Demo
from tests.given import query

NOW = datetime(2026, 3, 1, 12)
FOUND = "raw_status IN ('fail', 'unknown')"


def test_the_report_names_each_planted_problem_and_nothing_else(demo: Demo) -> None:
    findings = query(
        demo.home,
        f"""
        SELECT DISTINCT resource_name, control_id, raw_status, reason_code
        FROM compliance.control_results
        WHERE {FOUND} AND subject_type <> 'volume_via_server' AND resource_name IS NOT NULL
            AND NOT (control_id = 'resource-protected' AND resource_type = 'OS::Cinder::Volume')
        """,
    )
    planted = {
        (resource, *finding)
        for resource, scenario in RESOURCE_SCENARIOS.items()
        for finding in SCENARIOS[scenario].findings
    }
    planted |= {
        (resource.name, *finding) for resource in resources() for finding in MEMBER_FINDINGS.get(resource.vault, ())
    }
    # The vault of the databases is not locked, and the restore test of one server is too old.
    incomplete = ("app-02", "billing-db", "core-db", "crm-db", "erp-db", "ledger-db", "payroll-db", "sales-db")
    assert set(findings) == planted | {
        ("forgotten-01", "resource-protected", "fail", "unprotected"),
        ("app-02", "restore-test-current", "fail", "test_too_old"),
        *((name, "three-two-one", "fail", "lock_or_test_missing") for name in incomplete),
    }


def test_of_what_is_no_resource_it_names_what_lost_backups_and_nothing_else(demo: Demo) -> None:
    findings = query(
        demo.home,
        f"""
        SELECT DISTINCT subject_id, control_id, raw_status, reason_code
        FROM compliance.control_results
        WHERE {FOUND} AND resource_name IS NULL
        """,
    )
    vaults = {resource.name: stable_id(resource.vault) for resource in resources()}
    planted = {
        (vaults[resource], *finding)
        for resource, scenario in RESOURCE_SCENARIOS.items()
        for finding in SCENARIOS[scenario].vault_findings
    }
    planted |= {(stable_id(vault), *finding) for vault, found in VAULT_FINDINGS.items() for finding in found}
    assert set(findings) == planted | {
        ("sandbox", "project-backup-count-drop", "fail", "dropped"),
        (stable_id(FULL_VAULT), "backup-run-skipped-nothing", "fail", "runs_skipped"),
    }


def test_what_became_of_each_backup_that_is_gone_is_told_apart(demo: Demo) -> None:
    disappearances = query(
        demo.home,
        """
        SELECT DISTINCT b.resource_name, l.disappearance
        FROM history.backup_lifecycle AS l
        INNER JOIN history.backups AS b ON l.scope = b.scope AND l.backup_id = b.id
        WHERE l.disappearance IS NOT NULL AND l.disappearance <> 'expired'
        """,
    )
    assert set(disappearances) == {
        ("files-01", "deleted_early"),
        ("sales-db", "deleted_early"),
        ("legacy-01", "rotated_by_count"),
    }


def test_disks_inside_servers_fail_only_with_their_server(demo: Demo) -> None:
    sql = """
        SELECT DISTINCT resource_name FROM compliance.control_results
        WHERE raw_status = 'fail' AND subject_type = 'volume_via_server' AND control_id <> 'three-two-one'
    """
    owners = {name.partition("-disk-")[0] for (name,) in query(demo.home, sql)}
    missing = {"erp-db", "mail-01", "wiki-01", "crm-db", "files-01"}
    assert owners == missing | {"ledger-db", "shop-01", "lab-01", "orphan-01"}


def test_listed_disks_are_unprotected_where_no_backup_has_them(demo: Demo) -> None:
    sql = """
        SELECT resource_name FROM compliance.control_results
        WHERE control_id = 'resource-protected' AND raw_status = 'fail' AND resource_type = 'OS::Cinder::Volume'
    """
    assert {name for (name,) in query(demo.home, sql)} == {
        *("mail-01-disk-0", "mail-01-disk-1", "wiki-01-disk-0", "wiki-01-disk-1", "forgotten-01-disk-0"),
        *("gateway-01-disk-0", "ledger-db-disk-1", "proxy-01-disk-0", "proxy-01-disk-1", "app-04-scratch"),
    }


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


def test_a_backup_stays_what_it_is_from_day_to_day_unless_a_scenario_changes_it() -> None:
    first_day = NOW - timedelta(days=29)
    scenarios = {"restoring", "retention shortened"}
    expected = {resource for resource, scenario in RESOURCE_SCENARIOS.items() if scenario in scenarios}
    for day in range(29):
        earlier, later = (
            {body["id"]: body for body in estate(first_day + timedelta(days=number), first_day)}
            for number in (day, day + 1)
        )
        changed_ids = {id_ for id_ in earlier.keys() & later.keys() if earlier[id_] != later[id_]}
        assert {earlier[id_]["resource_name"] for id_ in changed_ids} <= expected


def test_the_wires_oddities_are_in_it_and_every_record_is_loaded(demo: Demo) -> None:
    drift = {(path, kind) for path, kind in query(demo.home, "SELECT path, kind FROM meta.drift")}
    assert drift >= {("resource_size", "coerced"), ("support_lld", "coerced"), ("retention_lock", "unknown")}
    assert query(demo.home, "SELECT count(*) FROM meta.rejects") == [(0,)]
