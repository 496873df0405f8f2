"""Files of a home that are damaged: what can be made again is, and of the rest one line says which file and what to do."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.storage.home import Home
from tests.given import AS_OF, Landed, publish, query, server, volume

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("three-days") / "home")
    publish(home, Landed([server(), volume("v")]))
    publish(home, Landed([volume("v")], as_of=AS_OF + DAY), run_id="run-2")
    return publish(home, Landed([volume("v"), volume("w")], as_of=AS_OF + 2 * DAY), run_id="run-3")


@pytest.fixture
def three_days(published_once: Home, home: Home) -> Home:
    shutil.copytree(published_once.path, home.path)
    return home


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(200))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def an_empty_object(path: Path) -> None:
    path.write_text("{}")


def null(path: Path) -> None:
    path.write_text("null")


def too_deep(path: Path) -> None:
    path.write_text("[" * 100_000)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


HOW = [empty, garbage, cut, an_empty_object, null, too_deep, folder, link_to_itself]
SQL = (
    "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL",
    "SELECT * FROM compliance.control_result_events ORDER BY ALL",
    "SELECT * FROM history.backup_lifecycle ORDER BY ALL",
)


def build(home: Home) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["build", "--home", str(home.path)])
    return result.exit_code, result.stderr


def named(home: Home, path: Path) -> None:
    """Build says in one line that this file is damaged, and what to do."""
    code, said = build(home)
    assert (code, said.count("\n")) == (1, 1)
    assert f"{path} is damaged" in said
    assert "Restore " in said


@pytest.mark.parametrize("damage", HOW)
@pytest.mark.parametrize("name", ["history/manifests/scope=prod.json", "history/judged/scope=prod.json"])
def test_a_damaged_manifest_that_nothing_else_can_tell_is_named(
    three_days: Home, name: str, damage: Callable[[Path], None]
) -> None:
    damage(three_days.path / name)
    named(three_days, three_days.path / name)


def test_a_manifest_that_names_a_file_outside_of_the_home_is_damaged(three_days: Home) -> None:
    path = three_days.judged_manifest("prod")
    path.write_text(path.read_text().replace('"history/', '"/tmp/history/', 1))
    named(three_days, path)


def test_a_manifest_with_a_date_that_is_none_is_damaged(three_days: Home) -> None:
    path = three_days.history_manifest("prod")
    path.write_text(path.read_text().replace("2026-03-01T12", "2026-03-41T12", 1))
    named(three_days, path)


@pytest.mark.parametrize("damage", [*HOW[:6], link_to_itself])
@pytest.mark.parametrize("day", [0, 2])
def test_a_damaged_manifest_of_tables_is_made_again_or_nothing_needs_it(
    three_days: Home, day: int, damage: Callable[[Path], None]
) -> None:
    before = [query(three_days, sql) for sql in SQL]
    path = sorted(three_days.tables.glob("manifests/*/*.json"))[day - 2]
    damage(path)
    publish(three_days, run_id="run-4")
    assert [query(three_days, sql) for sql in SQL] == before


def test_what_stands_in_the_place_of_a_manifest_is_named(three_days: Home) -> None:
    path = sorted(three_days.tables.glob("manifests/*/*.json"))[-1]
    folder(path)
    code, said = build(three_days)
    assert (code, said.count("\n")) == (1, 1)
    assert f"{path} can't be written: Is a directory. Move it away and run again." in said


@pytest.mark.parametrize("damage", [empty, garbage, cut])
@pytest.mark.parametrize("table", ["backups_open", "backups_closed", "result_counts", "open_results"])
def test_a_damaged_file_of_the_history_is_named(three_days: Home, table: str, damage: Callable[[Path], None]) -> None:
    from pipelines.history.manifest import read_history
    from pipelines.history.results import read_result_history

    before = read_result_history(three_days, "prod").entries[-2].files
    [name] = (read_history(three_days, "prod").files | before)[table]
    damage(three_days.path / name)
    named(three_days, three_days.path / name)


@pytest.mark.parametrize("damage", [empty, garbage, cut, folder, link_to_itself])
def test_a_damaged_table_is_made_again(three_days: Home, damage: Callable[[Path], None]) -> None:
    before = [query(three_days, sql) for sql in SQL]
    for path in three_days.tables.glob("*/*/*/part-*.parquet"):
        damage(path)
    publish(three_days, run_id="run-4")
    assert [query(three_days, sql) for sql in SQL] == before
