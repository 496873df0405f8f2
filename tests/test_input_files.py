"""The files of the user: what is read of them, every fault with its line, and what the warehouse and evidence hold."""

import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.errors import EvidenceError, InputFileError
from pipelines.evidence.pack import write_pack
from pipelines.evidence.verify import verify
from pipelines.flow.build import build
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.warehouse.input_files import InputFile, read_input_files
from tests.given import AS_OF, Landed, ask, fold, publish, query, server
from tests.given import put_input as put

INVENTORY = "resource_id,name,created_at\nserver-1,web,2026-02-01T08:00:00Z\nserver-2,db,2026-02-01T08:00:00+08:00\n"
TESTS = "resource_id,backup_id,tested_at,result,minutes\nserver-1,,2026-02-14T09:30:00Z,success,42\n"
FIRST = "20260301T120000Z"


def read(home: Home, *scopes: str) -> InputFile:
    [file] = read_input_files(home, scopes or ["prod"])
    return file


def faults(home: Home, *scopes: str) -> list[str]:
    with pytest.raises(InputFileError) as raised:
        read_input_files(home, scopes or ["prod"])
    start, _, listed = raised.value.message.partition(" are not valid: ")
    return listed.split("; ") if listed else [start]


def test_a_home_without_the_folder_has_no_files(home: Home) -> None:
    assert read_input_files(home, ["prod"]) == ()


def test_the_rows_of_a_csv_file_have_their_lines_and_times_in_utc(home: Home) -> None:
    put(home, "inventory.csv", INVENTORY)
    rows = read(home).rows.select(["scope", "resource_id", "created_at", "owner", "line"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("prod", "server-1", datetime(2026, 2, 1, 8), None, 2),
        ("prod", "server-2", datetime(2026, 2, 1, 0), None, 3),
    ]


def test_a_parquet_file_has_the_same_rows(home: Home) -> None:
    shanghai = timezone(timedelta(hours=8))
    columns: dict[str, Any] = {
        "resource_id": ["server-1", "server-2"],
        "name": pa.array(["web", "db"]).dictionary_encode(),
        "created_at": pa.array([datetime(2026, 2, 1, 16, tzinfo=shanghai), None], pa.timestamp("ns", "Asia/Shanghai")),
    }
    put(home, "inventory.parquet", pa.table(columns))
    rows = read(home).rows.select(["resource_id", "name", "created_at", "line"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("server-1", "web", datetime(2026, 2, 1, 8), 1),
        ("server-2", "db", None, 2),
    ]


def test_numbers_and_dates_of_parquet_are_read_as_they_are_meant(home: Home) -> None:
    tested_at = [date(2026, 2, 1), date(2026, 2, 2)]
    columns: dict[str, Any] = {
        "backup_id": ["a", "b"],
        "tested_at": tested_at,
        "result": ["success", "failed"],
        "minutes": [42.0, None],
    }
    put(home, "restore_tests.parquet", pa.table(columns))
    rows = read(home).rows.select(["tested_at", "minutes"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(datetime(2026, 2, 1), 42), (datetime(2026, 2, 2), None)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + INVENTORY.encode(),
        INVENTORY.replace("\n", "\r\n").encode(),
        INVENTORY.replace(",", " , ").encode(),
        b"\xef\xbb\xbf" + INVENTORY.replace("\n", "\r\n").encode().rstrip(),
    ],
    ids=["BOM", "CRLF", "blanks", "no end of the last line"],
)
def test_how_a_csv_file_was_saved_does_not_matter(home: Home, content: bytes) -> None:
    put(home, "inventory.csv", content)
    rows = read(home).rows
    assert rows["resource_id"].to_pylist() == ["server-1", "server-2"]
    assert rows["line"].to_pylist() == [2, 3]


def test_a_quoted_cell_may_have_several_lines_and_blank_lines_count(home: Home) -> None:
    put(home, "inventory.csv", 'resource_id,name\na,"one\r\ntwo, ""three"""\n\nb,x\n')
    rows = read(home).rows
    assert rows["name"].to_pylist() == ['one\r\ntwo, "three"', "x"]
    assert rows["line"].to_pylist() == [2, 5]


def test_a_file_with_no_rows_is_valid_and_says_so(home: Home) -> None:
    put(home, "restore_tests.csv", TESTS.splitlines()[0])
    assert read(home).rows.num_rows == 0


NOT_A_TIME = "is not a time such as 2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("inventory.csv", "", ["inventory.csv: the names of the columns are missing"]),
        ("inventory.csv", "name\nweb\n", ["inventory.csv: the column resource_id is missing"]),
        (
            "inventory.csv",
            "resource_id,ownr,owner,owner\n",
            [
                "inventory.csv: 'ownr' is not a known column",
                "did you mean owner?",
                "inventory.csv: the column owner appears twice",
            ],
        ),
        ("inventory.csv", "resource_id,line\n", ["inventory.csv: 'line' is not a known column"]),
        (
            "inventory.csv",
            f"{INVENTORY}s,x,2026-13-01T00:00:00Z\nt,x,01.02.2026\n",
            [
                f"inventory.csv line 4: created_at: '2026-13-01T00:00:00Z' {NOT_A_TIME}",
                f"inventory.csv line 5: created_at: '01.02.2026' {NOT_A_TIME}",
            ],
        ),
        ("inventory.csv", "resource_id,name\n ,x\n", ["inventory.csv line 2: resource_id is missing"]),
        ("inventory.csv", "resource_id\na\nb\na\n", ["inventory.csv line 4: resource_id: 'a' is in line 2 already"]),
        (
            "inventory.csv",
            "resource_id,name\na,b,c\n,x\n",
            [
                "inventory.csv line 2: it has 3 cells, and the first line has 2",
                "inventory.csv line 3: resource_id is missing",
            ],
        ),
        ("inventory.csv", 'resource_id\na\n"b\nc\n', ["inventory.csv line 3: it is not CSV: unexpected end of data"]),
        ("inventory.csv", "scope,resource_id\nprdo,a\n", ["inventory.csv line 2: scope: 'prdo' is not one of prod"]),
        ("restore_tests.csv", "tested_at,result\n", ["restore_tests.csv: the column resource_id or backup_id is missing"]),
        (
            "restore_tests.csv",
            f"{TESTS},,2026-02-14,sucess,-1\n",
            [
                "restore_tests.csv line 3: minutes: '-1' is not a whole number of 0 or more",
                "restore_tests.csv line 3: resource_id or backup_id is missing",
                "restore_tests.csv line 3: result: 'sucess' is not one of success, failed",
            ],
        ),
        (
            "audit_events.csv",
            "trace_id,trace_name,time\nt,deleteBackup,1740000000123\n",
            [f"audit_events.csv line 2: time: '1740000000123' {NOT_A_TIME}"],
        ),
    ],
)  # fmt: skip
def test_every_fault_is_named_with_its_line(home: Home, name: str, text: str, expected: list[str]) -> None:
    put(home, name, text)
    assert faults(home) == expected


def test_a_file_that_is_not_utf8_is_refused_at_its_line(home: Home) -> None:
    put(home, "inventory.csv", INVENTORY.encode() + "s,Köln,\n".encode("latin-1"))
    assert faults(home) == ["inventory.csv line 4: it is not UTF-8"]


def test_a_fault_of_a_parquet_file_names_its_row(home: Home) -> None:
    put(home, "inventory.parquet", pa.table({"resource_id": ["a", None], "name": [["x"], None]}))
    assert faults(home) == [
        "inventory.parquet row 1: name: \"['x']\" is not text",
        "inventory.parquet row 2: resource_id is missing",
    ]


def test_a_column_of_a_parquet_file_that_python_cannot_hold_is_named(home: Home) -> None:
    far = pa.array([2**60], pa.timestamp("ms"))
    put(home, "inventory.parquet", pa.table({"resource_id": ["a"], "created_at": far}))
    [fault] = faults(home)
    assert fault.startswith("inventory.parquet: created_at can't be read: ")


def test_what_is_no_parquet_file_is_refused(home: Home) -> None:
    put(home, "inventory.parquet", INVENTORY)
    [fault] = faults(home)
    assert fault.startswith("inventory.parquet: it can't be read as Parquet: ")


def test_one_message_has_the_faults_of_all_files_and_at_most_ten(home: Home) -> None:
    put(home, "inventory.csv", "resource_id,created_at\n" + "".join(f"r{number},x\n" for number in range(9)))
    put(home, "restore_tests.csv", TESTS.replace("success", "done") + ",,2026-02-14,success,\n")
    found = faults(home)
    assert [fault.split(":")[0] for fault in found[8:10]] == ["inventory.csv line 10", "restore_tests.csv line 2"]
    assert found[10:] == ["and 1 more"]


def test_a_csv_and_a_parquet_file_of_one_name_are_refused(home: Home) -> None:
    put(home, "inventory.csv", INVENTORY)
    put(home, "inventory.parquet", pa.table({"resource_id": ["a"]}))
    [fault] = faults(home)
    assert fault.endswith("inventory.csv and inventory.parquet are the same input")


@pytest.mark.parametrize(("name", "meant"), [("inventroy.csv", "inventory.csv"), ("Inventory.CSV", "inventory.csv")])
def test_a_name_that_is_no_input_is_refused(home: Home, name: str, meant: str) -> None:
    put(home, name, INVENTORY)
    with pytest.raises(InputFileError, match=f"{name} is not the name of an input; did you mean {meant}"):
        read_input_files(home, ["prod"])


def test_other_files_in_the_folder_are_left_alone(home: Home) -> None:
    for name in ("inventory.xlsx", "inventory.csv.part", ".inventory.csv.swp", ".~lock.inventory.csv", "README.md"):
        put(home, name, "anything")
    assert read_input_files(home, ["prod"]) == ()


def test_a_file_that_cannot_be_read_is_named(home: Home) -> None:
    (home.inputs / "inventory.csv").mkdir(parents=True)
    [fault] = faults(home)
    assert fault.endswith("inventory.csv can't be read: Is a directory")


@pytest.mark.parametrize("name", ["inputs", "inputs/inventory.csv"])
def test_a_link_that_leads_nowhere_is_no_missing_file(home: Home, name: str) -> None:
    path = home.path / name
    path.parent.mkdir(parents=True)
    path.symlink_to("/nowhere/inventory.csv")
    [fault] = faults(home)
    assert fault.endswith(f"{name} can't be read: No such file or directory")


def test_a_home_with_several_scopes_needs_the_scope_of_each_row(home: Home) -> None:
    put(home, "inventory.csv", INVENTORY)
    assert faults(home, "prod", "test") == [
        "inventory.csv: the column scope is missing and must name one of prod, test"
    ]
    put(home, "inventory.csv", "scope,resource_id\ntest,a\nprod,a\n,b\n")
    assert faults(home, "prod", "test") == ["inventory.csv line 4: scope is missing"]


def test_a_hundred_thousand_rows_are_read_and_the_fault_of_the_last_is_found(home: Home) -> None:
    rows = "".join(f"server-{number},name,2026-02-01T08:00:00Z\n" for number in range(100_000))
    put(home, "inventory.csv", f"resource_id,name,created_at\n{rows}")
    assert read(home).rows["resource_id"][-1].as_py() == "server-99999"
    put(home, "inventory.csv", f"resource_id,name,created_at\n{rows}s,n,tomorrow\n")
    assert faults(home) == [f"inventory.csv line 100002: created_at: 'tomorrow' {NOT_A_TIME}"]


def test_the_tables_have_the_rows_and_the_hashes(home: Home) -> None:
    fold(home, Landed([server()]))
    path = put(home, "inventory.csv", INVENTORY)
    put(home, "restore_tests.csv", TESTS)
    put(home, "audit_events.csv", "trace_id,trace_name,time,code\nt,deleteBackup,2026-02-20T23:11:09.250+01:00,204\n")
    assert ask(home, "SELECT scope, resource_id FROM cbr.inventory WHERE line = 3") == [
        {"scope": "prod", "resource_id": "server-2"}
    ]
    assert ask(home, "SELECT resource_id, result, minutes FROM cbr.restore_tests") == [
        {"resource_id": "server-1", "result": "success", "minutes": 42}
    ]
    assert ask(home, "SELECT time, code FROM cbr.recorded_events") == [
        {"time": datetime(2026, 2, 20, 22, 11, 9, 250000), "code": "204"}
    ]
    sql = "SELECT path, sha256, row_count FROM {} WHERE {} ORDER BY path"
    expected = {"path": "inputs/inventory.csv", "sha256": sha256_of(path), "row_count": 2}
    assert ask(home, sql.format("meta.input_files", "name = 'inventory'")) == [expected]
    manifest = sql.format("compliance.evidence_manifest", "kind = 'input'").replace("path", "name")
    assert [row["name"] for row in ask(home, manifest)] == [
        "inputs/audit_events.csv",
        "inputs/inventory.csv",
        "inputs/restore_tests.csv",
    ]


def test_a_file_is_ready_stale_or_missing_by_its_modified_time(home: Home) -> None:
    fold(home, Landed([server()]))
    for name, content, hours in [("inventory.csv", INVENTORY, 47), ("restore_tests.csv", TESTS, 49)]:
        put(home, name, content, hours=hours)
    rows = ask(home, "SELECT file_input, state FROM staging.stg_input_files")
    assert {row["file_input"]: row["state"] for row in rows} == {
        "inventory": "ready",
        "restore_tests": "stale",
        "audit_events": "missing",
    }


def test_a_home_that_has_nothing_landed_does_not_ask_for_scopes(home: Home) -> None:
    put(home, "inventory.csv", INVENTORY)
    result = CliRunner().invoke(main, ["build", "--home", str(home.path)])
    assert (result.exit_code, "nothing is landed" in result.stderr) == (1, True), result.output


def test_a_file_that_is_not_valid_leaves_the_published_file_as_it_is(home: Home) -> None:
    publish(home, Landed([server()]))
    before = sha256_of(home.warehouse)
    put(home, "inventory.csv", "name\nweb\n")
    result = CliRunner().invoke(main, ["build", "--home", str(home.path)])
    assert result.exit_code == 1
    [line] = result.stderr.strip().splitlines()
    assert "inventory.csv: the column resource_id is missing" in line
    assert sha256_of(home.warehouse) == before
    assert not list(home.path.glob("*.draft*"))


def test_evidence_has_the_files_and_their_ages_wherever_it_is_copied(home: Home, tmp_path: Path) -> None:
    publish(home, Landed([server()]))
    moment = (AS_OF - timedelta(hours=50)).replace(tzinfo=UTC)
    path = put(home, "inventory.csv", INVENTORY)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    build(home, "run-2")
    assert query(home, "SELECT modified_at FROM meta.input_files") == [(moment.replace(tzinfo=None),)]
    pack = write_pack(home, FIRST)
    shutil.copytree(pack, tmp_path / "pack", copy_function=shutil.copyfile)
    manifest = json.loads((pack / "manifest.json").read_text())
    assert manifest["input_files"] == {"inventory.csv": "2026-02-27T10:00:00"}
    assert (tmp_path / "pack/home/inputs/inventory.csv").read_text() == INVENTORY
    assert verify(tmp_path / "pack").is_same
    recorded = {"inventory.csv": moment.replace(tzinfo=None)}
    assert [file.modified_at for file in read_input_files(Home(tmp_path / "pack/home"), ["prod"], recorded)] == [
        moment.replace(tzinfo=None)
    ]
    (tmp_path / "pack/home/inputs/inventory.csv").write_text(TESTS)
    assert verify(tmp_path / "pack").differences == ["home/inputs/inventory.csv was changed"]


def test_evidence_of_an_older_snapshot_has_the_files_and_takes_scopes_that_came_later(home: Home) -> None:
    put(home, "inventory.csv", "resource_id\nserver-1\n")
    publish(home, Landed([server()]))
    later = Landed([server()], as_of=AS_OF + timedelta(days=1))
    away = Landed([server()], scope="away", as_of=AS_OF + timedelta(days=1, seconds=1), project="p2")
    put(home, "inventory.csv", "scope,resource_id\nprod,server-1\naway,server-9\n")
    publish(home, later, away, run_id="run-2")
    pack = write_pack(home, FIRST)
    assert (pack / "home/inputs/inventory.csv").exists()
    assert verify(pack).is_same


def test_evidence_is_not_made_with_a_file_that_changes_what_was_judged_then(home: Home) -> None:
    publish(home, Landed([server()]))
    put(home, "inventory.csv", "resource_id\nserver-9\n")
    with pytest.raises(EvidenceError, match="Use the rules, input files and version"):
        write_pack(home, FIRST)
