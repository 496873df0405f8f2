"""Looking after the landing: replay, verify, prune."""

import re
import shlex
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines import clock
from pipelines.cli import main
from pipelines.evidence.pack import write_pack
from pipelines.evidence.verify import verify
from pipelines.flow.build import build
from pipelines.flow.normalize import normalize_landed
from pipelines.landing.manifest import read_snapshots
from pipelines.reports.report import write_report
from pipelines.storage.home import Home
from pipelines.tables.manifest import read_table_manifest
from tests.given import AS_OF, Landed, land, publish, query, server, volume
from tests.test_readme import ALL


def call(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--home", str(home.path)], catch_exceptions=False)


def test_replay_makes_the_same_again_without_any_service(home: Home) -> None:
    publish(home, Landed([server()]))
    sql = "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL"
    before, files = query(home, sql), read_table_manifest(home, "prod", "20260301T120000Z")
    home.warehouse.unlink()
    result = call(home, "replay")
    assert result.exit_code == 0, result.stderr
    assert "resource-recent-recovery-point" in result.stdout
    assert query(home, sql) == before
    again = read_table_manifest(home, "prod", "20260301T120000Z")
    assert files is not None
    assert again is not None
    assert (again.files != files.files, again.rows == files.rows) == (True, True)


def test_build_makes_the_published_file_again_from_parquet(home: Home) -> None:
    publish(home, Landed([server()]))
    sql = "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL"
    before, files = query(home, sql), read_table_manifest(home, "prod", "20260301T120000Z")
    home.warehouse.unlink()
    assert call(home, "build").exit_code == 0
    assert query(home, sql) == before
    assert read_table_manifest(home, "prod", "20260301T120000Z") == files


def test_the_catalog_describes_every_relation_and_column(home: Home) -> None:
    assert "there is no" in call(home, "catalog").stderr
    publish(home, Landed([server()]), described=True)
    described = "SELECT relation, column_name FROM meta.catalog WHERE position > 0"
    there = "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    assert set(query(home, described)) == set(query(home, there))
    assert query(home, "SELECT count(*) FROM meta.catalog WHERE coalesce(description, '') = ''") == [(0,)]
    text = call(home, "catalog").stdout
    assert "## cbr.backups\n\nOne row per top-level backup of a scope." in text
    assert "| `resource_size` | BIGINT | Size of the source, not of the stored backup. (资源大小) Unit: GB. |" in text
    assert text.count("\n## ") == len(query(home, "SELECT DISTINCT relation FROM meta.catalog"))


def test_replay_of_one_snapshot_leaves_the_others(home: Home) -> None:
    publish(home, Landed([server("old")]))
    publish(home, Landed([server("new")], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    before = {name: read_table_manifest(home, "prod", name) for name in ("20260301T120000Z", "20260302T120000Z")}
    assert call(home, "replay", "20260301T120000Z").exit_code == 0
    after = {name: read_table_manifest(home, "prod", name) for name in before}
    assert after["20260301T120000Z"] != before["20260301T120000Z"]
    assert after["20260302T120000Z"] == before["20260302T120000Z"]
    assert query(home, "SELECT id FROM cbr.backups") == [("new",)]


@pytest.mark.parametrize(
    "arguments", [["replay", "20200101T000000Z"], ["replay"], ["build"], ["verify"], ["prune", "--keep-days", "1"]]
)
def test_where_there_is_nothing_it_says_so(home: Home, arguments: list[str]) -> None:
    result = call(home, *arguments)
    assert result.exit_code == 1
    assert "nothing is landed" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_snapshot_is_said(home: Home) -> None:
    publish(home, Landed([server()]))
    assert "no snapshot 20200101T000000Z is landed" in call(home, "replay", "20200101T000000Z").stderr


def test_verify_finds_every_part_that_is_not_what_it_was(home: Home) -> None:
    old = land(home, Landed([server()]))
    new = land(home, Landed([server()], as_of=AS_OF + timedelta(days=1)))
    assert call(home, "verify").stdout == "4 parts of 2 snapshots match their manifests\n"
    changed = home.landed("prod", old.snapshot_id) / "show-00001.ndjson.zst"
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    (home.landed("prod", new.snapshot_id) / "list-00001.ndjson.zst").unlink()
    result = call(home, "verify")
    assert result.exit_code == 1
    assert f"{changed} is not what the manifest says" in result.stdout
    assert "list-00001.ndjson.zst is missing" in result.stdout
    assert "2 parts are damaged" in result.stderr


def test_prune_says_first_and_never_removes_what_stands_for_a_scope(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [Landed([server(f"b{n}")], as_of=AS_OF + timedelta(days=n), complete=n < 5) for n in range(8)]
    lone = Landed([server()], scope="lone")
    publish(home, *days, lone)
    monkeypatch.setattr(clock, "utc_now", lambda: AS_OF + timedelta(days=9))
    before = read_snapshots(home)
    dry = call(home, "prune", "--keep-days", "3", "--dry-run").stdout
    assert read_snapshots(home) == before
    done = call(home, "prune", "--keep-days", "3").stdout
    assert dry.replace("would remove", "removed") == done
    assert done.count("removed") == 5
    left = {(snapshot.scope, snapshot.snapshot_id[:8]) for snapshot in read_snapshots(home)}
    assert left == {("lone", "20260301"), ("prod", "20260305"), ("prod", "20260307"), ("prod", "20260308")}
    assert call(home, "prune", "--keep-days", "3").stdout == ""
    assert call(home, "verify").exit_code == 0


def test_prune_wants_to_be_told_how_long(home: Home, tmp_path: Path) -> None:
    assert call(home, "prune").exit_code == 2
    assert call(home, "prune", "--keep-days", "-1").exit_code == 2


def test_the_backup_line_of_the_readme_is_enough_to_make_all_again_and_to_prove_it(home: Home, tmp_path: Path) -> None:
    publish(home, Landed([server(), volume("v")]))
    publish(home, Landed([server()], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    write_report(home)
    pack = write_pack(home, "20260302T120000Z").relative_to(home.path)
    [command] = re.findall(r"^flock .* tar .*$", ALL, re.MULTILINE)
    (tmp_path / "backup").mkdir()
    command = command.replace("/srv/cbr", str(home.path)).replace("/backup", str(tmp_path / "backup"))
    subprocess.run(shlex.split(command), check=True, timeout=60)
    copy = Home(tmp_path / "copy")
    copy.path.mkdir()
    shutil.unpack_archive(tmp_path / "backup" / "cbr.tar.gz", copy.path, filter="data")
    assert sorted(path.name for path in copy.path.iterdir() if path.is_dir()) == ["evidence", "history", "landing"]
    assert not list(copy.path.glob("warehouse*"))
    assert call(copy, "verify").exit_code == 0
    build(copy, "again")
    for sql in (
        "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL",
        "SELECT * FROM compliance.control_result_events ORDER BY ALL",
        "SELECT * FROM history.backup_lifecycle ORDER BY ALL",
    ):
        assert query(copy, sql) == query(home, sql) != []
    assert verify(copy.path / pack).is_same
    assert verify(write_pack(copy, "20260301T120000Z")).is_same


def test_prune_only_says_what_it_would_do_beside_a_run(home: Home) -> None:
    publish(home, Landed([server()]))
    publish(home, Landed([server()], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    with home.lock():
        dry = call(home, "prune", "--keep-days", "0", "--dry-run")
        assert (dry.exit_code, dry.stdout.count("would remove")) == (0, 1)
        assert "is at work in" in call(home, "prune", "--keep-days", "0").stderr
    assert len(read_snapshots(home)) == 2


def test_prune_leaves_what_is_not_judged_yet(home: Home) -> None:
    publish(home, Landed([server()]))
    for day in (1, 2):
        land(home, Landed([server()], as_of=AS_OF + timedelta(days=day)))
    normalize_landed(home)
    assert "snapshot_id=20260301" in call(home, "prune", "--keep-days", "0").stdout
    assert [snapshot.snapshot_id[:8] for snapshot in read_snapshots(home)] == ["20260302", "20260303"]
