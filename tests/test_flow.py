"""From landing to the published file: what is rebuilt, what is kept, what is never half done."""

import errno
import io
import os
import re
import shutil
import stat
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipelines.contract.tables import NORMALIZED
from pipelines.errors import WarehouseError
from pipelines.evidence.pack import write_pack
from pipelines.evidence.verify import verify
from pipelines.flow.build import build_draft, publish_draft
from pipelines.flow.land import land_clouds, stale_scopes_error
from pipelines.flow.normalize import normalize_landed
from pipelines.landing.attempts import ATTEMPT, Attempt, write_attempt
from pipelines.landing.manifest import read_snapshots
from pipelines.models.audit import Audit, AuditResult
from pipelines.reports.page_data import read_page_data
from pipelines.reports.report import write_report
from pipelines.reports.status import status_lines
from pipelines.reports.summary import read_summary, render_summary
from pipelines.storage.connection import connect, read_published
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.tables.cleanup import GRACE_SECONDS
from pipelines.tables.manifest import read_table_manifest
from tests.given import AS_OF, Landed, child, land, publish, query, server, volume
from tests.test_since_when import judge

LATER = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish(Home(tmp_path_factory.mktemp("published") / "home"), Landed([server()]))


@pytest.fixture
def published(published_once: Home, home: Home) -> Home:
    """A home of its own in which one server is published."""
    shutil.copytree(published_once.path, home.path)
    return home


def test_the_file_opens_in_older_tools_and_is_private(published: Home) -> None:
    home = published
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        [(tags,)] = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert tags["storage_version"].startswith("v1.5.0")
    assert stat.S_IMODE(home.warehouse.stat().st_mode) == 0o600
    assert [path.name for path in home.path.glob("*.duckdb*")] == ["warehouse.duckdb"]


def test_every_table_and_column_of_the_file_has_a_comment(home: Home) -> None:
    publish(home, Landed([server()]), described=True)
    assert query(home, "SELECT schema_name, table_name FROM duckdb_tables() WHERE coalesce(comment, '') = ''") == []
    assert (
        query(
            home,
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''",
        )
        == []
    )


def test_the_four_tables_hold_the_newest_complete_snapshot_of_each_scope(home: Home) -> None:
    publish(
        home,
        Landed([server("old")]),
        Landed([server("new")], as_of=LATER),
        Landed([server("partial")], as_of=LATER + timedelta(days=1), complete=False),
        Landed([server("else")], scope="other", as_of=LATER),
    )
    assert query(home, "SELECT scope, id FROM cbr.backups ORDER BY 1") == [("other", "else"), ("prod", "new")]
    stale = query(home, "SELECT DISTINCT scope, is_stale, as_of FROM compliance.summary ORDER BY 1")
    assert stale == [("other", False, LATER), ("prod", True, LATER)]
    counted = query(
        home,
        "SELECT count(*), count(*) FILTER (WHERE complete), count(*) FILTER (WHERE is_current) FROM meta.snapshots",
    )
    assert counted == [(4, 3, 2)]


def test_a_scope_without_any_complete_snapshot_is_unknown_and_not_left_out(home: Home) -> None:
    publish(home, Landed([server()], complete=False))
    assert query(home, "SELECT DISTINCT scope, verdict, snapshot_id FROM compliance.summary") == [
        ("prod", "unknown", None)
    ]
    assert query(home, "SELECT count(*) FROM compliance.control_results") == [(0,)]


def test_an_empty_scope_passes_nothing(home: Home) -> None:
    publish(home, Landed())
    verdicts = dict(query(home, "SELECT control_id, verdict FROM compliance.summary"))
    # Everything was read, and nothing is there: that is known, and nothing else.
    assert (verdicts.pop("snapshot-complete"), verdicts.pop("source-record-valid")) == ("pass", "pass")
    # What is not read has one row that says so.
    sql = "SELECT DISTINCT control_id FROM compliance.control_results WHERE reason_code = 'input_missing'"
    missing = {control for (control,) in query(home, sql)}
    assert "resource-protected" in missing
    assert {verdicts.pop(control) for control in ("waiver-valid", *missing)} == {"not_applicable"}
    assert set(verdicts.values()) == {"unknown"}


def test_a_scope_that_is_not_read_any_more_is_stale_and_can_not_restore_now(home: Home) -> None:
    publish(home, Landed([server()]), Landed([server()], scope="other", as_of=LATER + timedelta(days=1)))
    stale = query(
        home,
        "SELECT DISTINCT scope, is_stale, verdict FROM compliance.summary WHERE control_id = 'backup-encrypted' ORDER BY 1",
    )
    assert stale == [("other", False, "pass"), ("prod", True, "unknown")]
    restorable = query(
        home,
        "SELECT scope, is_stale, can_restore_now FROM compliance.resource_compliance WHERE resource_id = 'server-1' ORDER BY 1",
    )
    assert restorable[1] == ("prod", True, None)
    # Whoever says it says the same, and shows no number of then as one of now.
    assert query(home, "SELECT scope, is_stale FROM staging.stg_scopes ORDER BY 1") == [
        ("other", False),
        ("prod", True),
    ]
    columns = query(
        home, "SELECT table_name FROM duckdb_columns() WHERE column_name = 'is_stale' AND schema_name = 'meta'"
    )
    assert columns == []
    status = "\n".join(status_lines(home, LATER + timedelta(days=1)))
    [other, prod] = status.split("scope prod")
    assert "STALE      last attempt 2026-03-01 12:00 UTC: it was not read for long while other scopes were" in prod
    assert prod.count("as of 2026-03-01 12:00 UTC: ") == 3
    assert ("STALE" in other, "as of" in other) == (False, False)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render_summary(read_summary(home.warehouse)))
    answer = console.export_text()
    assert "results are as of 2026-03-01 12:00 UTC and may have changed since" in answer.split("scope prod")[1]
    assert "may have changed since" not in answer.split("scope prod")[0]
    page = write_report(home).read_text()
    assert "prod is stale: it was not read for long while other scopes were." in page
    [section] = re.findall(r'<section aria-label="Scope prod">.*?</section>', page, re.DOTALL)
    assert section.count(", as of 2026-03-01 12:00 UTC") == 5
    assert 'class="good"' not in section
    [section] = re.findall(r'<section aria-label="Scope other">.*?</section>', page, re.DOTALL)
    assert "as of" not in section
    with read_published(home.warehouse) as connection:
        data = read_page_data(connection)
    assert {row.covered for row in data.coverage if row.scope == "prod"} == {None}
    rows = data.listings["resources"].rows
    assert {row["recency"] for row in rows if row["scope"] == "prod"} == {"unknown"}
    assert {row["recency"] for row in rows if row["scope"] == "other"} == {"fail"}


def test_a_scope_whose_last_reading_failed_is_stale_and_says_why(published: Home) -> None:
    home = published
    write_attempt(home, Attempt("prod", LATER, "IAM refused the user"))
    write_attempt(home, Attempt("never", LATER, "no such host"))
    publish(home, run_id="run-2")
    rows = query(
        home,
        "SELECT DISTINCT scope, snapshot_id, is_stale, stale_reason, verdict FROM compliance.summary ORDER BY 1, 5",
    )
    assert ("never", None, True, "no such host", "unknown") in rows
    assert {row[4] for row in rows if row[0] == "never"} == {"unknown"}
    assert {row[:4] for row in rows if row[0] == "prod"} == {("prod", "20260301T120000Z", True, "IAM refused the user")}
    assert "pass" not in {row[4] for row in rows}
    problem = stale_scopes_error(home, ["prod"])
    assert problem is not None
    assert "prod: IAM refused the user" in str(problem)
    assert stale_scopes_error(home, ["elsewhere"]) is None


def test_a_snapshot_whose_run_was_killed_before_it_said_so_still_stands(published: Home) -> None:
    home = published
    (home.landed_scope("prod") / ATTEMPT).unlink()
    publish(home, run_id="run-2")
    assert query(home, "SELECT DISTINCT scope, is_stale FROM compliance.summary") == [("prod", False)]
    assert query(home, "SELECT count(*) > 0 FROM compliance.control_results") == [(True,)]


@pytest.mark.parametrize("damage", [b"", b"x" * 100])
def test_a_landed_part_that_was_changed_is_never_loaded(home: Home, damage: bytes) -> None:
    snapshot = land(home, Landed([server()]))
    (home.landed("prod", snapshot.snapshot_id) / "list-00001.ndjson.zst").write_bytes(damage)
    with pytest.raises(WarehouseError, match=r"list-00001\.ndjson\.zst is damaged"):
        normalize_landed(home)


def test_two_runs_do_not_work_in_one_home(home: Home) -> None:
    home.prepare()
    with home.lock(), pytest.raises(WarehouseError, match=r"another run, process [0-9]+, is at work"), home.lock():
        pass
    with home.lock():
        pass


def test_a_scope_with_a_record_that_could_not_be_loaded_never_passes(home: Home) -> None:
    publish(home, Landed([server(children=[child("c"), {"name": "no id"}])]))
    verdicts = {row[0] for row in query(home, "SELECT DISTINCT verdict FROM compliance.summary WHERE rejects = 1")}
    assert "pass" not in verdicts
    gate = "SELECT verdict FROM compliance.summary WHERE control_id = 'snapshot-complete'"
    assert query(home, gate) == [("fail",)]
    [(table, path, raw)] = query(home, "SELECT table_name, path, raw FROM meta.rejects")
    assert (table, path, raw) == ("children", "backup.children[1]", '{"name":"no id"}')


def test_the_file_carries_what_was_landed_and_loaded(home: Home) -> None:
    publish(home, Landed([server()], [volume("v1", resource_id="d2")]))
    loads = query(home, "SELECT table_name, records, row_count, rejects FROM meta.loads ORDER BY 1")
    tables = {table.name for table in NORMALIZED}
    assert not any(any(counts) for name, *counts in loads if name not in tables)  # no input was given
    assert [load for load in loads if load[0] in tables] == [
        ("backups", 2, 2, 0),
        ("children", 1, 1, 0),
        ("extend_info", 3, 3, 0),
        ("replication_records", 0, 0, 0),
    ]
    assert query(home, "SELECT run_id FROM meta.runs") == [("run-1",)]
    assert query(home, "SELECT DISTINCT run_id FROM compliance.control_results") == [("run-1",)]


def test_parquet_files_are_private_described_and_named_by_the_manifest_alone(published: Home) -> None:
    home = published
    loaded = read_table_manifest(home, "prod", "20260301T120000Z")
    assert loaded is not None
    for table in NORMALIZED[:3]:
        [path] = loaded.paths(home, table.name)
        assert path.parent == home.path / "tables" / table.name / "scope=prod" / "snapshot_id=20260301T120000Z"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        schema = pq.read_schema(path)
        assert schema.names == [column.name for column in table.columns]
        assert all((schema.field(name).metadata or {}).get(b"description") for name in schema.names)
        assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"


def test_tables_are_written_once_and_again_when_landing_or_contract_changed(
    published: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = published
    [first] = normalize_landed(home)
    assert normalize_landed(home) == [first]
    monkeypatch.setattr("pipelines.tables.manifest.CONTRACT_VERSION", "another")
    [second] = normalize_landed(home)
    assert second.files != first.files
    land(home, Landed([server(), server("b2")]))
    [third] = normalize_landed(home)
    assert third.rows["backups"] == 2


def test_a_parquet_file_that_was_removed_is_made_again(published: Home) -> None:
    home = published
    [loaded] = normalize_landed(home)
    loaded.paths(home, "backups")[0].unlink()
    publish(home)
    assert query(home, "SELECT count(*) FROM cbr.backups") == [(1,)]


def test_the_same_landing_gives_the_same_content_in_new_files_and_the_old_ones_go_later(published: Home) -> None:
    home = published
    [first] = normalize_landed(home)
    [second] = normalize_landed(home, [first.snapshot_id])
    assert second.content == first.content
    assert set(first.content) >= {"backups", "children", "extend_info"}
    [old], [new] = first.paths(home, "backups"), second.paths(home, "backups")
    assert old.exists()
    os.utime(old, (0, time.time() - GRACE_SECONDS - 1))
    normalize_landed(home)
    assert (old.exists(), new.exists()) == (False, True)


def days(home: Home, number: int) -> list[str]:
    """Judge so many days one by one and publish the last, long enough ago that no reader is left; return the snapshots."""
    home.prepare()
    for day in range(number):
        snapshot = Landed([server()], as_of=AS_OF + timedelta(days=day))
        publish(home, snapshot) if day == number - 1 else judge(home, [snapshot])
        for path in home.path.rglob("part-*.parquet"):
            os.utime(path, (0, time.time() - GRACE_SECONDS - 1))
    return [snapshot.snapshot_id for snapshot in read_snapshots(home)]


def tabled(home: Home) -> set[str]:
    """The snapshots of which there are tables, or what is left of them."""
    return {part for path in home.tables.rglob("*") if path.is_file() for part in path.parts if "snapshot_id=" in part}


def test_tables_of_snapshots_that_the_history_and_the_results_have_go_but_for_the_newest_two(home: Home) -> None:
    snapshots = days(home, 5)
    assert {name.removesuffix(".json") for name in tabled(home)} == {f"snapshot_id={name}" for name in snapshots[-2:]}
    lifecycle = query(home, "SELECT * FROM history.backups ORDER BY ALL")
    publish(home, run_id="again")
    assert query(home, "SELECT * FROM history.backups ORDER BY ALL") == lifecycle
    # They are all that is needed where the newest one turns out to be damaged.
    shutil.rmtree(home.landed("prod", snapshots[-1]))
    publish(home, run_id="without")
    assert query(home, "SELECT DISTINCT snapshot_id FROM cbr.backups") == [(snapshots[-2],)]
    assert verify(write_pack(home, snapshots[1])).is_same


def test_tables_of_a_snapshot_that_is_not_judged_yet_stay(home: Home) -> None:
    days(home, 2)
    for day in (2, 3, 4):
        land(home, Landed([server()], as_of=AS_OF + timedelta(days=day)))
    normalize_landed(home)
    assert {name.removesuffix(".json")[-16:-8] for name in tabled(home)} == {"20260303", "20260304", "20260305"}


def test_a_table_that_was_changed_is_made_again(published: Home) -> None:
    home = published
    [loaded] = normalize_landed(home)
    [path] = loaded.paths(home, "backups")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    publish(home, run_id="run-2")
    assert query(home, "SELECT id FROM cbr.backups") == [("backup-1",)]
    [again] = normalize_landed(home)
    assert again.content == loaded.content


def test_the_same_landing_gives_the_same_results(published: Home) -> None:
    home = published
    sql = "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL"
    before = query(home, sql)
    publish(home, run_id="run-2")
    assert query(home, sql) == before


def test_a_draft_that_is_not_whole_is_never_published(published: Home) -> None:
    home = published
    inode = home.warehouse.stat().st_ino
    draft = build_draft(home, "run-2")
    draft.path.write_bytes(draft.path.read_bytes()[:4096])
    with pytest.raises(WarehouseError, match="could not be read back"):
        publish_draft(home, draft)
    assert home.warehouse.stat().st_ino == inode
    assert [path.name for path in home.path.glob("warehouse*")] == ["warehouse.duckdb"]


def test_drafts_that_killed_runs_left_are_swept(published: Home) -> None:
    home = published
    for name in ("warehouse.dead.draft.duckdb", "warehouse.dead.draft.duckdb.wal"):
        (home.path / name).touch()
    publish(home, run_id="run-2")
    assert [path.name for path in home.path.glob("warehouse*")] == ["warehouse.duckdb"]


def test_an_open_reader_goes_on_reading_the_old_file(home: Home) -> None:
    publish(home, Landed([server("old")]))
    with connect(home.warehouse, read_only=True) as reader:
        publish(home, Landed([server("new")], as_of=LATER), run_id="run-2")
        assert reader.execute("SELECT id FROM cbr.backups").fetchall() == [("old",)]
    assert query(home, "SELECT id FROM cbr.backups") == [("new",)]


def test_an_audit_that_finds_an_error_leaves_yesterdays_file_and_no_draft(published: Home) -> None:
    home = published
    inode = home.warehouse.stat().st_ino
    draft = build_draft(home, "run-2")
    draft.audits.append(AuditResult(Audit("broken", "error", "cbr.backups", "SELECT 1", "x"), 3, [{"id": "b1"}]))
    with pytest.raises(WarehouseError, match=r"not published: broken failed .*3 rows in cbr\.backups.*b1"):
        publish_draft(home, draft)
    assert home.warehouse.stat().st_ino == inode
    assert not draft.path.exists()


def test_a_warning_is_recorded_and_does_not_stop(home: Home) -> None:
    publish(home, Landed([server(status="frozen")]))
    sql = "SELECT audit, offenders FROM meta.audits WHERE severity = 'warn' AND offenders > 0"
    assert query(home, sql) == [("backups_status_known", 1), ("gate_source_record_valid", 1)]
    [(shown,)] = query(home, "SELECT query FROM meta.audits WHERE audit = 'backups_status_known'")
    assert query(home, f"SELECT id FROM ({shown})") == [("backup-1",)]


def test_the_grid_audit_sees_a_missing_result(published: Home) -> None:
    home = published
    [(sql,)] = query(home, "SELECT query FROM meta.audits WHERE audit = 'grid_of_recovery_point'")
    assert query(home, sql) == []
    with connect(home.warehouse) as connection:
        connection.execute("DELETE FROM controls.backup_encrypted")
        rows = connection.execute(sql).fetchall()
        assert [(row[0], *row[3:]) for row in rows] == [("backup-encrypted", "backup-1", 1, 0)]
        connection.execute("INSERT INTO controls.backup_restorable FROM controls.backup_restorable")
        rows = sorted(connection.execute(sql).fetchall())
        assert [(row[0], *row[3:]) for row in rows] == [
            ("backup-encrypted", "backup-1", 1, 0),
            ("backup-restorable", "backup-1", 1, 2),
        ]


def test_a_failure_while_building_leaves_no_draft(published: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home = published
    monkeypatch.setattr("pipelines.flow.build.run_audits", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_draft(home, "run-2")
    assert [path.name for path in home.path.glob("warehouse*")] == ["warehouse.duckdb"]


def test_a_home_in_which_nothing_landed_says_so(home: Home) -> None:
    home.prepare()
    with pytest.raises(WarehouseError, match="nothing is landed"):
        build_draft(home, "run-1")


def test_a_damaged_manifest_says_which(home: Home) -> None:
    snapshot = land(home, Landed([server()]))
    path = home.landed("prod", snapshot.snapshot_id) / "manifest.json"
    path.write_text("{")
    with pytest.raises(WarehouseError, match=r"manifest\.json is damaged"):
        normalize_landed(home)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "is full"), (errno.EACCES, "can't be written"), (errno.EROFS, "can't be written")],
)
def test_what_the_disk_refuses_is_a_problem(number: int, said: str) -> None:
    with pytest.raises(WarehouseError, match=said), disk_errors(Path("somewhere")):
        raise OSError(number, "no")


def test_synthetic_data_says_so_wherever_it_is(tmp_path: Path) -> None:
    from pipelines.config import Settings

    settings = Settings.load(str(tmp_path / "home"), {})
    land_clouds(settings, lambda *_: None)
    home = Home(settings.home)
    publish(home, described=True)
    assert query(home, "SELECT DISTINCT is_sandbox FROM compliance.summary") == [(True,)]
    assert query(home, "SELECT DISTINCT is_sandbox FROM compliance.control_results") == [(True,)]
    for path in home.tables.rglob("*.parquet"):
        assert pq.read_schema(path).metadata[b"synthetic"]
    held = "SELECT table_name FROM duckdb_tables() WHERE schema_name NOT IN ('policy', 'meta') AND table_name NOT IN ('controls', 'control_reasons', 'standards') AND comment NOT LIKE '%synthetic%'"
    assert query(home, held) == []
