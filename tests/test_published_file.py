"""The published file when somebody writes to it, damages it, or puts something else in its place."""

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

import pipelines
from pipelines.cli import main
from pipelines.errors import WarehouseError
from pipelines.flow.build import WarehouseDraft, build_draft, publish_draft
from pipelines.storage.home import Home
from pipelines.warehouse.file import remove_leftovers
from tests.conftest import Demo
from tests.given import Landed, publish, query, server
from tests.test_readme import ALL

READING = (["status"], ["query", "SELECT 1"], ["report"], ["catalog"], ["policy", "explain", "server-1"])
WRITE = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE notes AS SELECT 1 AS a")
print("open", flush=True)
for line in sys.stdin:
    connection.execute(line)
    print("done", flush=True)
"""


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish(Home(tmp_path_factory.mktemp("published") / "home"), Landed([server()]), described=True)


@pytest.fixture
def published(published_once: Home, home: Home) -> Home:
    """A home of its own with a published file."""
    shutil.copytree(published_once.path, home.path)
    return home


@pytest.fixture(scope="module")
def built_once(published_once: Home, tmp_path_factory: pytest.TempPathFactory) -> WarehouseDraft:
    home = Home(tmp_path_factory.mktemp("built") / "home")
    shutil.copytree(published_once.path, home.path)
    return replace(build_draft(home, "again"), results=[])


Publish = Callable[[], None]


@pytest.fixture
def publish_again(built_once: WarehouseDraft, published: Home) -> Publish:
    """Do all that a build does to the published file, with a draft that is built already."""

    def published_again() -> None:
        remove_leftovers(published)
        path = published.draft("again")
        shutil.copy(built_once.path, path)
        publish_draft(published, replace(built_once, path=path))

    return published_again


@contextmanager
def writer(path: Path) -> Iterator[Callable[[str], None]]:
    """Another program that has opened a file as DuckDB does by default, and has written to it; killed at the end."""
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "open\n"

        def write(sql: str) -> None:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{sql}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        try:
            yield write
        finally:
            process.kill()


def refused(home: Home, *words: str) -> str:
    """The one line of a command that ends with a problem."""
    result = CliRunner().invoke(main, [*words, "--home", str(home.path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("cbr-warehouse: ")
    assert result.stderr.count("\n") == 1
    assert "--verbose" not in result.stderr
    return result.stderr


def refused_by_all(home: Home) -> set[str]:
    """What every way to read the published file says of it."""
    with pytest.raises(WarehouseError) as raised:
        pipelines.open_warehouse(str(home.path))
    return {refused(home, *words) for words in READING} | {f"cbr-warehouse: {raised.value}\n"}


def files(home: Home) -> list[str]:
    return sorted(path.name for path in home.path.glob("warehouse*"))


def test_what_a_killed_writer_left_is_named_by_every_command_and_healed_by_build(published: Home) -> None:
    with writer(published.warehouse):
        pass
    [said] = refused_by_all(published)
    assert "warehouse.duckdb.wal lies beside it" in said
    assert "run 'cbr-warehouse build'" in said
    publish(published, run_id="again")
    assert files(published) == ["warehouse.duckdb"]
    assert query(published, "SELECT run_id FROM meta.runs") == [("again",)]


def test_the_log_of_another_file_is_named_and_healed(published: Home, publish_again: Publish) -> None:
    with writer(published.warehouse):
        pass
    log = published.warehouse.with_name("warehouse.duckdb.wal")
    left = log.read_bytes()
    publish_again()
    log.write_bytes(left)
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(published.warehouse), read_only=True)
    [said] = refused_by_all(published)
    assert "warehouse.duckdb.wal lies beside it" in said
    publish_again()
    assert files(published) == ["warehouse.duckdb"]
    assert query(published, "SELECT run_id FROM meta.runs") == [("again",)]


def test_a_file_that_somebody_has_open_for_writing_is_replaced_and_that_is_said(
    published: Home, publish_again: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    with writer(published.warehouse) as write:
        [said] = refused_by_all(published)
        assert "is open for writing in" in said
        assert "process " in said
        with caplog.at_level(logging.WARNING):
            publish_again()
        assert "was open for writing in" in caplog.text
        assert files(published) == ["warehouse.duckdb"]
        # They go on in a file that nobody else sees; a checkpoint makes them begin a new log, beside the new file.
        write("CHECKPOINT")
        write("CREATE TABLE more AS SELECT 2 AS b")
        assert "warehouse.duckdb.wal lies beside it" in refused(published, "status")
        publish_again()
        assert files(published) == ["warehouse.duckdb"]
        assert query(published, "SELECT run_id FROM meta.runs") == [("again",)]


def test_a_folder_that_duckdb_left_for_what_did_not_fit_is_removed(published: Home, publish_again: Publish) -> None:
    for name in ("warehouse.duckdb.tmp", "warehouse.dead.draft.duckdb.tmp", ".spill"):
        (published.path / name).mkdir()
        (published.path / name / "duckdb_temp_storage-0.tmp").touch()
    publish_again()
    assert files(published) == ["warehouse.duckdb"]
    assert not (published.path / ".spill").exists()


def test_what_a_user_puts_beside_the_file_stays(published: Home, publish_again: Publish) -> None:
    (published.path / "warehouse.duckdb.before").touch()
    publish_again()
    assert files(published) == ["warehouse.duckdb", "warehouse.duckdb.before"]


def test_a_connection_of_the_same_process_that_writes_is_named(published: Home) -> None:
    with duckdb.connect(str(published.warehouse)):
        [said] = refused_by_all(published)
    assert "is open for writing in this process" in said


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def zeroed(path: Path) -> None:
    """Every block after the first ones is lost: it opens, and can't be read."""
    data = path.read_bytes()
    path.write_bytes(data[: 3 * 4096] + bytes(len(data) - 3 * 4096))


def of_another_version(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE a AS SELECT 1")


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "said", "cure"),
    [
        (garbage, "is damaged", "Delete it and run 'cbr-warehouse build'"),
        (empty, "is damaged", "Delete it and run 'cbr-warehouse build'"),
        (cut, "is damaged", "Delete it and run 'cbr-warehouse build'"),
        (zeroed, "is damaged", "Delete it and run 'cbr-warehouse build'"),
        (folder, "is not a file", "Move it away and run 'cbr-warehouse build'"),
        (link_to_itself, "can't be read", "Remove it and run 'cbr-warehouse build'"),
        (gone, "there is no", "Run 'cbr-warehouse run' or 'build' first"),
    ],
)
def test_a_file_that_can_not_be_read_ends_every_command_in_one_line(
    published: Home, publish_again: Publish, damage: Callable[[Path], None], said: str, cure: str
) -> None:
    damage(published.warehouse)
    for line in refused_by_all(published):
        assert str(published.warehouse) in line
        assert said in line
        assert cure in line
    if damage is folder:
        assert "is a folder, where the published file belongs" in refused(published, "build")
        published.warehouse.rmdir()
    publish_again()
    assert query(published, "SELECT run_id FROM meta.runs") == [("again",)]


def test_a_file_without_what_this_version_asks_for_says_so(published: Home) -> None:
    of_another_version(published.warehouse)
    for words in (["status"], ["report"], ["catalog"], ["policy", "explain", "server-1"]):
        assert "was made by another version of cbr-warehouse" in refused(published, *words)


def test_a_file_that_its_reader_may_not_read_says_so(published: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    [said] = refused_by_all(published)
    assert "can't be read: Permission denied" in said


def test_a_file_of_another_version_of_duckdb_says_so(published: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise duckdb.IOException("Trying to read a database file with version number 99, but we can only read 64 to 68")

    monkeypatch.setattr("pipelines.storage.connection.open_file", refuse)
    [said] = refused_by_all(published)
    assert "was written by another version of DuckDB. Run 'cbr-warehouse build'" in said


READ_ALL = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
relations = connection.execute(
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal "
    "UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
).fetchall()
print(duckdb.__version__, sum(len(connection.execute(f"SELECT * FROM {name}").description) for (name,) in relations))
"""


def test_the_oldest_duckdb_that_the_readme_names_reads_every_relation(demo: Demo, tmp_path: Path) -> None:
    [version] = re.findall(r"reads DuckDB ([\d.]+) or newer", ALL)
    oldest = f"{version}.0"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(tmp_path),
        f"duckdb=={oldest}",
    ]
    installed = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if installed.returncode:
        pytest.skip(f"duckdb {oldest} can't be installed here: {installed.stderr.strip().splitlines()[-1]}")
    read = [sys.executable, "-c", READ_ALL, str(demo.home.warehouse)]
    done = subprocess.run(
        read, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )
    columns = query(demo.home, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal")[0][0]
    assert (done.stdout, done.stderr) == (f"{oldest} {columns}\n", "")


def test_a_query_that_is_no_text_is_refused(published: Home) -> None:
    assert "is not text in UTF-8" in refused(published, "query", "SELECT '\udcff'")


def test_a_fault_of_the_program_names_the_command_and_no_option_that_it_lacks(
    published: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.reports.status.status_lines", lambda *_: 1 / 0)
    assert refused(published, "status") == (
        "cbr-warehouse: status failed unexpectedly (ZeroDivisionError). Report it.\n"
    )
