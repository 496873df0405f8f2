"""The published file as it is asked: queries, macros, how things stand."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import pipelines
from pipelines.cli import main
from pipelines.models.project import project
from pipelines.storage.home import Home
from tests.conftest import Demo
from tests.given import AS_OF, Landed, publish, query, server, volume


def call(home: Home, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--home", str(home.path)])


def test_a_query_is_printed_in_each_form(demo: Demo) -> None:
    sql = "SELECT resource_name, depth, null AS nothing FROM compliance.resource_compliance WHERE resource_name = 'erp-db'"
    assert call(demo.home, "query", sql).stdout.split() == ["resource_name", "depth", "nothing", "erp-db", "10"]
    assert call(demo.home, "query", sql, "--as", "csv").stdout == "resource_name,depth,nothing\nerp-db,10,\n"
    assert json.loads(call(demo.home, "query", sql, "--as", "json").stdout) == [
        {"resource_name": "erp-db", "depth": 10, "nothing": None}
    ]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM cbr.backups", "not one SELECT"),
        ("COPY cbr.backups TO 'stolen.csv'", "not one SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled by configuration"),
        ("ATTACH 'other.duckdb'", "not one SELECT"),
        ("SET threads = 1", "not one SELECT"),
        ("SELECT 1; SELECT 2", "not one SELECT"),
        ("CALL enable_logging(storage = 'file')", "not one SELECT"),
        ("", "not one SELECT"),
        ("SELECT * FROM cbr.backup", "does not exist"),
        ("SELEC", "syntax error"),
    ],
)
def test_a_query_can_only_read_and_only_this_file(demo: Demo, sql: str, said: str) -> None:
    result = call(demo.home, "query", sql)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_a_spreadsheet_or_a_terminal_would_obey_is_text(home: Home) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\x1b[31m", "\u202egnp.exe", "plain"]
    publish(home, Landed([volume(f"v{n}", name=name, resource_id=f"r{n}") for n, name in enumerate(names)]))
    sql = "SELECT name, -1 AS number FROM cbr.backups ORDER BY id"
    assert call(home, "query", sql, "--as", "csv").stdout.splitlines()[1:] == [
        "'=1+1,-1", "'+1,-1", "'-1,-1", "'@SUM(1),-1", "'\\tx,-1", "\\x1b[31m,-1", "\\u202egnp.exe,-1", "plain,-1",
    ]  # fmt: skip
    assert "\\x1b[31m" in call(home, "query", sql).stdout


def test_macros_say_what_was_and_what_changed(home: Home) -> None:
    publish(home, Landed([server(), volume("v")]))
    publish(home, Landed([volume("v")], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    assert query(home, f"SELECT id FROM compliance.as_of('{AS_OF}') ORDER BY id") == [("backup-1",), ("v",)]
    assert query(home, f"SELECT id FROM compliance.as_of('{AS_OF + timedelta(days=2)}')") == [("v",)]
    assert ("resource-protection-lost", "fail") in query(
        home, f"SELECT control_id, to_status FROM compliance.changes_since('{AS_OF}')"
    )
    found = query(home, "SELECT DISTINCT effective_status FROM compliance.results_of('web')")
    assert {status for (status,) in found} <= {"fail", "unknown"}
    assert found
    assert query(home, "SELECT count(*) FROM compliance.results_of('server-1')") == query(
        home, "SELECT count(*) FROM compliance.results_of('web')"
    )
    described = query(
        home, "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'compliance' AND comment IS NOT NULL"
    )
    assert {name for (name,) in described} == {"as_of", "changes_since", "results_of"}


def test_status_says_how_old_how_complete_and_what_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(home, Landed([server(), volume("v")]))
    publish(home, Landed([volume("v")], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    monkeypatch.setattr("pipelines.clock.utc_now", lambda: AS_OF + timedelta(days=4, hours=2))
    said = call(home, "status").stdout
    assert (
        "scope prod\n  snapshot   20260302T120000Z, 3 d 2 h old, complete: 1 backups\n  policy     built-in\n" in said
    )
    assert "0 added, 1 removed since the previous snapshot" in said
    assert f"warehouse  {home.warehouse}" in said
    publish(home, Landed([], as_of=AS_OF + timedelta(days=2), complete=False), run_id="run-3")
    assert "STALE      last attempt 2026-03-03 12:00 UTC: a page was missing" in call(home, "status").stdout


def test_a_notebook_opens_the_warehouse_read_only_with_pandas(demo: Demo) -> None:
    connection = pipelines.open_warehouse(str(demo.home.path))
    frame = connection.sql("SELECT * FROM compliance.summary").df()
    assert (len(frame), str(frame["as_of"].dtype)) == (len(project().controls), "datetime64[us]")
    with pytest.raises(Exception, match="read-only"):
        connection.execute("DELETE FROM cbr.backups")
    connection.close()


def test_where_nothing_is_published_each_says_so(tmp_path: Path) -> None:
    for words in (["status"], ["query", "SELECT 1"]):
        assert "there is no" in call(Home(tmp_path / "none"), *words).stderr
