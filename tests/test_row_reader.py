"""Lines that fit the contract, read by columns, give the rows that the row reader gives."""

import json
from collections import Counter
from copy import deepcopy
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.tables import NORMALIZED
from pipelines.landing.blocks import Block, blocks_of
from pipelines.normalize.batch import Batch
from pipelines.normalize.block_reader import read_lines
from pipelines.normalize.decode import MOST_UNKNOWN
from pipelines.normalize.row_reader import RowReader
from pipelines.normalize.snapshot import Normalizer
from tests.given import Body, child, server
from tests.test_normalize import PAGE_SHAPED, VALUES, paths

SNAPSHOT = "20260301T120000Z"
RECORD = PAGE_SHAPED["replication_records"][0]
Tables = dict[str, list[Body]]


def blocks(shows: list[bytes], pages: list[bytes]) -> tuple[list[Block], list[Block]]:
    half = len(shows) // 2
    return [Block.of("show", shows[:half]), Block.of("show", shows[half:])], [Block.of("list", pages)]


def normalized(shows: list[Block], pages: list[Block], gone: tuple[str, ...]) -> tuple[list[Batch], pa.Table]:
    normalizer = Normalizer("prod", SNAPSHOT, lambda: shows, lambda: pages, gone)
    return list(normalizer.batches()), normalizer.drift()


def read_by_rows(shows: list[Block], pages: list[Block], gone: tuple[str, ...]) -> tuple[list[Batch], pa.Table]:
    """The same by the row reader alone."""
    reader = RowReader({"scope": "prod", "snapshot_id": SNAPSHOT}, gone, lambda: pages)
    for block in shows:
        for number, line in enumerate(block.lines()):
            reader.read_backup(block.source(number), reader.parse_line(block.source(number), line))
    for block in pages:
        reader.read_pages(block)
    return [reader.take_batch()], reader.drift_table()


def as_rows(batches: list[Batch], drift: pa.Table) -> tuple[Tables, Counter[str]]:
    tables = {
        name: pa.concat_tables([batch.tables[name] for batch in batches if name in batch.tables])
        for name in batches[-1].tables
    }
    for table in tables.values():
        table.validate(full=True)
    rows = {name: sorted(table.to_pylist(), key=str) for name, table in tables.items()}
    differed = [{k: v for k, v in row.items() if k != "example_id"} for row in drift.to_pylist()]
    return rows | {"drift": differed}, sum((batch.records for batch in batches), Counter())


def same_both_ways(*shows: Any, listed: tuple[Any, ...] = (), gone: tuple[str, ...] = ()) -> Tables:
    """Read bodies (or raw lines) both ways, and return what both gave."""
    lines = list(map(_line, shows))
    pages = [page if isinstance(page, bytes) else json.dumps({"backups": page, "count": 1}).encode() for page in listed]
    landed = blocks(lines, pages)
    by_columns, counted = as_rows(*normalized(*landed, gone))
    by_rows, counted_too = as_rows(*read_by_rows(*landed, gone))
    assert by_columns == by_rows
    assert +counted == +counted_too
    rejected = Counter(reject["table_name"] for reject in by_columns["rejects"])
    for table in NORMALIZED:
        assert counted[table.name] == len(by_columns[table.name]) + rejected[table.name], f"{table.name} lost records"
    return by_columns


def fits(*shows: Any) -> bool:
    """Whether lines are read by columns to their end."""
    return not read_lines(Block.of("show", map(_line, shows)).data).unfit


def _line(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps({"backup": body}).encode()


def test_bodies_as_documented_are_read_by_columns() -> None:
    full = PAGE_SHAPED | {
        "id": "b3",
        "children": [child(f"c{n}") for n in range(7)],
        "replication_records": [RECORD, RECORD | {"id": "r2"}],
    }
    assert fits(PAGE_SHAPED, server("b2"), full)
    tables = same_both_ways(PAGE_SHAPED, server("b1"), server("b2"), full)
    assert [len(tables[table.name]) for table in NORMALIZED] == [4, 10, 14, 3]


@pytest.mark.parametrize(
    "separators",
    [(",", ":"), (", ", ": "), (" , ", " : "), ("\t,\t", "\t:  ")],
    ids=["compact", "python", "wide", "tabs"],
)
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_spacing_and_escapes_of_any_service_are_read_by_columns(
    separators: tuple[str, str], ensure_ascii: bool
) -> None:
    body = server(
        name='快照 "a" \\ / \b\f\n\r\t \x7f é 𝒳',
        replication_records=[RECORD | {"extra_info": {"fail_reason": "差\n}{"}}],
    )
    line = json.dumps({"backup": body}, separators=separators, ensure_ascii=ensure_ascii).encode()
    assert fits(line)
    tables = same_both_ways(line)
    assert tables["backups"][0]["name"] == body["name"]
    assert tables["replication_records"][0]["extra_info"] == '{"fail_reason":"差\\n}{"}'


@pytest.mark.parametrize(
    ("value", "fit"),
    [
        ("2026-02-28T23:59:59.123456", True), ("2026-02-28 23:59:59", True), ("2026-02-28T23:59:59.5Z", True),
        ("2024-02-29T00:00:00+00:00", True), ("2000-02-29T00:00:00-14:30", True), ("1970-01-01T00:00:00+01:00", True),
        ("2199-12-31T23:59:59.999999", True), ("2100-02-29T00:00:00", False), ("2026-02-29T00:00:00", False),
        ("2026-13-01T00:00:00", False), ("2026-00-01T00:00:00", False), ("2026-04-31T00:00:00", False),
        ("2026-02-28T24:00:00", False), ("2026-02-28T23:60:00", False), ("2026-02-28T23:59:60", False),
        ("2026-02-28T23:59:59.1234567", False), ("2026-02-28T23:59:59.", False), ("2026-02-28", False),
        ("2026-02-28T23:59", False), ("2026-02-28T23:59:59+0800", True), ("2026-02-28T23:59:59 +08:00", False),
        ("2026-02-28T23:59:59+23:00", True), ("1969-12-31T23:59:59", True), ("9999-12-31T23:59:59-01:00", False),
        (" 2026-02-28T23:59:59", False), ("", False), ("soon", False), ("2026-02-28X23:59:59", False),
        ("2026-02-28T23:59:59+24:00", False), ("2026-02-28T23:59:59+14:60", False), ("2026-02-30T23:59:59Z", False),
        ("0001-01-01T00:00:00+08:00", False), ("0001-01-01T00:00:00", True), ("0000-12-31T00:00:00", False),
        ("2026-02-28T23Z", False), ("2026-02-28T23:59+08:00", False), ("2026-02-28T23:59:59.123456+0100", True),
    ],
)  # fmt: skip
def test_instants_are_the_same_both_ways(value: str, fit: bool) -> None:
    assert fits(server(created_at=value)) is fit
    same_both_ways(server(created_at=value))


@pytest.mark.parametrize(
    ("raw", "fit"),
    [
        ("0", True), ("-7", True), ("999999999999999999", True), ("-999999999999999999", True),
        ("1000000000000000000", True), ("9223372036854775807", True), ("-9223372036854775808", True), ("-9223372036854775809", False), ("9223372036854775808", False), ("-0", True),
        ("40.0", False), ("4e1", False), ("4E1", False), ("40.5", False), ('"40"', False), ("true", False), ("[]", False),
        ("{}", False), ('""', False), ("1e400", False), ("NaN", False), ("null", True), ("12345678901234567.89", False),
    ],
)  # fmt: skip
def test_numbers_are_the_same_both_ways(raw: str, fit: bool) -> None:
    line = b'{"backup":{"id":"b1","resource_size":%s}}' % raw.encode()
    assert fits(line) is fit
    same_both_ways(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"backup":{"id":"b1","id":"b2"}}', b'{"backup":{"id":"b1","name":"a","name":7}}',
        b'{"backup":{"id":"b1","extend_info":{},"extend_info":{"encrypted":true}}}',
        b'{"backup":{"id":"b1"},"backup":{"id":"b2"}}', b'{"backup":{"id":"b1"},"more":1}', b'{"other":{"id":"b1"}}',
        b'{"backup":{"id":"b1"}} ', b' {"backup" : {"id" : "b1"} }', b'{"backup":{"id":"b1"}}x', b'{"backup":{"id":"b1",}}',
        b'{"backup":{,"id":"b1"}}', b'{"backup":{"id" "b1"}}', b'{"backup":{"id":"b1" "name":"x"}}', b'{"backup":{"id":"b1"}',
        b'{"backup":{"id":b1}}', b'{"backup":{"id":""}}', b'{"backup":{"id":null}}', b'{"backup":{"name":"x"}}', b'{"backup":{}}',
        b'{"backup":null}', b'{"backup":[]}', b'{"backup":"b1"}', b"null", b"[]", b"{}", b"", b" ", b"\x00", b"\xef\xbb\xbf{}",
        b'{"backup":{"id":"b1","name":"\xff\xfe"}}', b'{"backup":{"id":"b1","name":"\xc3"}}', b'{"backup":{"id":"b1","name":"a\x01"}}',
        b'{"backup":{"id":"b1","name":"\\ud800"}}', b'{"backup":{"id":"b1","name":"\\ud83d\\ude00"}}',
        b'{"backup":{"id":"b1","name":"\\ude00\\ud83d"}}', b'{"backup":{"id":"b1","name":"\\ud83dx"}}', b'{"backup":{"id":"b1","name":"\\x41"}}',
        b'{"backup":{"id":"b1","name":"\\u00"}}', b'{"backup":{"id":"b1","name":"\\u0000"}}', b'{"backup":{"id":"\\u0062","name":"\\/"}}',
        b'{"backup":{"\\u0069d":"b1"}}', b'{"backup":{"id":"b1","":1}}', b'{"backup":{"id":"b1","children":[]}}',
        b'{"backup":{"id":"b1","children":null,"extend_info":null}}', b'{"backup":{"id":"b1","children":{}}}',
        b'{"backup":{"id":"b1","children":[{"id":"c"},]}}', b'{"backup":{"id":"b1","children":[,{"id":"c"}]}}',
        b'{"backup":{"id":"b1","children":[{"id":"c"} {"id":"d"}]}}', b'{"backup":{"id":"b1","children":[{"id":"c"},{"id":"c"}]}}',
        b'{"backup":{"id":"b1","children":[{"id":"c","children":[{"id":"d"}]}]}}', b'{"backup":{"id":"b1","children":[null]}}',
        b'{"backup":{"id":"b1","children":[{"id":"c","replication_records":[{"id":"r"}]}]}}',
        b'{"backup":{"id":"b1","replication_records":[{"id":"r","extra_info":"{\\"progress\\":7}"}]}}',
        b'{"backup":{"id":"b1","replication_records":[{"id":"r","extra_info":{"progress":7,"odd":1}}]}}',
        b'{"backup":{"id":"b1","replication_records":[{"id":"r","extra_info":{ }},{"id":"s","extra_info":null},{"id":"t"}]}}',
        b'{"backup":{"id":"b1","extend_info":{"os_images_data":["i"]}}}', b'{"backup":{"id":"b1","extend_info":{"os_images_data":[ ]}}}',
        b'{"backup":{"id":"b1","extend_info":{"app_consistency":{"app_consistency":"1"}}}}', b'{"backup":{"id":"b1","extend_info":[]}}',
        b'{"backup":{"id":"b1","extend_info":{"app_consistency":"1"}}}', b'{"backup":{"id":"b1","encrypted":true}}',
        b'{"backup":{"id":"b1","incremental":tru}}', b'{"backup":{"id":"b1","incremental":truex}}', b'{"backup":{"id":"b1","name":nullx}}',
        b'{"backup":{"id":"b1","retention_lock":null}}', b'{"backup":{"id":' + b"7" * 30 + b"}}", b'{"backup":{"id":"' + b"x" * 70_000 + b'"}}',
    ],
)  # fmt: skip
def test_lines_of_any_kind_are_the_same_both_ways_and_leave_their_neighbours_alone(line: bytes) -> None:
    same_both_ways(server("a"), line, server("z"), line)


@pytest.mark.parametrize(
    "page",
    [
        [], [server("l1"), server("l2")], [server("b1"), server("l1"), server("l1")], [server("l1"), 7, None, {}, {"id": 7}],
        [server("l1", resource_size="40"), server("l1")], [server("l1"), server("l1", resource_size="40")],
        b'{"backups":[]}', b'{"count":0}', b'{"backups":null}', b'{"backups":{}}', b"[]", b"7", b'{"backups":[{"id":"l1"}', b"",
        b'{"backups":[{"id":"l1"}],"backups":[{"id":"l2"}]}', b'{"backups":[{"id":"l1"},{"id" 1}]}', b'{"backups":[{"id":"l1"},]}',
        rb'{"backups":[{"id":"l1"}],"\u0062ackups":null}', b'{"backups":[{"id":"l1"}],"count":tru}', b'{"backups":[{"id":"l1","name":"}]{\\""}],"links":[{"a":"]}"}]}',
        b'{ "count" : 2 , "backups" : [ {"id":"l1"} , {"id":"l2"} ] , "offset" : null , "word":"x" }', b'{"backups":[{"id":"l1","name":"\xff"}]}',
    ],
)  # fmt: skip
def test_list_pages_of_any_kind_are_the_same_both_ways(page: Any) -> None:
    same_both_ways(
        server("b1"), server("b2"), listed=(page, [server("l3"), server("gone"), server("l1")]), gone=("gone",)
    )


def test_of_two_with_one_id_the_first_is_loaded_whichever_way_it_is_read() -> None:
    odd, plain = server("b1", resource_size="40", name="odd"), server("b1", name="plain")
    for first, second in ((odd, plain), (plain, odd), (plain, plain | {"name": "other"})):
        for between in ((), (server("x"), server("y"))):
            tables = same_both_ways(first, *between, second, listed=([second],))
            assert [row["name"] for row in tables["backups"] if row["id"] == "b1"] == [first["name"]]
            assert {row["reason"] for row in tables["rejects"]} > {"its id was loaded before"}


def test_the_first_is_loaded_where_only_the_list_says_where_it_was_copied_to() -> None:
    first, second = server("b1", replication_records=..., name="first"), server("b1", name="second")
    listed = [server("b1", replication_records=[RECORD])]
    tables = same_both_ways(server("x"), server("y"), first, second, listed=(listed,))
    assert [row["name"] for row in tables["backups"] if row["id"] == "b1"] == ["first"]
    assert len(tables["replication_records"]) == 1


def test_records_that_only_the_list_has_are_loaded_both_ways() -> None:
    listed = [server("b1", replication_records=[RECORD]), server("b2", replication_records=[RECORD])]
    tables = same_both_ways(server("b1", replication_records=...), server("b2"), listed=(listed,))
    assert [row["top_backup_id"] for row in tables["replication_records"]] == ["b1"]


def test_a_backup_with_very_many_disks_is_read_by_columns() -> None:
    many = server(children=[child(f"c{n}") for n in range(2_000)])
    assert fits(many, server("b2"))
    assert len(same_both_ways(many, server("b2"))["children"]) == 2_001


NEW_KEYS: list[Body] = [
    {"later": {"a": [1, 2.50, 1e5]}}, {"later": None}, {"z": 1, "a": "x", "m": [True]}, {"schl\u00fcssel": "\u5dee\n"},
    {"extend_info": {"z": 1, "app_consistency": {"odd": "x", "app_consistency": "1"}, "a": 2}},
    {"extend_info": {"app_consistency": {"z": 1, "a": 2}}},
    {"children": [child("c1", later=1), child("c2", z=1, a={"b": 2}), child("c3", extend_info={"late": 1, "early": 2})]},
    {"replication_records": [RECORD | {"later": 7, "a": 1}, RECORD | {"id": "r2", "extra_info": {"progress": 7, "odd": [1]}}]},
    {"detail_loaded": True, "": 1, "a`b": 2, "a.b": 3},
]  # fmt: skip


@pytest.mark.parametrize("more", NEW_KEYS, ids=lambda more: ",".join(more))
def test_keys_that_the_contract_does_not_know_are_read_by_columns(more: Body) -> None:
    bodies = [server("b1"), server("b2") | more, server("b3"), server("b4") | more | {"and_more": 1}]
    assert fits(*bodies)
    tables = same_both_ways(*bodies, listed=([server("l1") | more],))
    assert {row["kind"] for row in tables["drift"]} == {"unknown"}


def test_unknown_keys_stand_in_extra_in_the_order_in_which_they_were_sent() -> None:
    line = b'{"backup":{"z":1,"id":"b1","a": 2.50,"m":{"y": [ ],"b":null},"z":"last"}}'
    assert fits(line)
    [row] = same_both_ways(line)["backups"]
    assert row["extra"] == '{"z":"last","a":2.5,"m":{"y":[],"b":null}}'


def test_more_unknown_keys_than_a_block_may_have_are_read_by_rows() -> None:
    bodies = [server(f"b{number}", **{f"key-{number}": number}) for number in range(MOST_UNKNOWN + 3)]
    assert len(read_lines(Block.of("show", map(_line, bodies)).data).unfit) == 3
    same_both_ways(*bodies)


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a\nb", "a` - at `$.backup.children"])
def test_unknown_keys_that_no_struct_takes_are_read_by_rows(key: str) -> None:
    body = server() | {key: 1}
    assert not fits(body)
    same_both_ways(body, server("b2"))


@pytest.mark.parametrize(
    "members",
    [
        b'"id":"b2"', b'"name":"a","name":"b"', b'"name":"a","name":null', b'"name":7,"name":"a"', b'"name":"a","name":7',
        b'"later":1,"later":2', b'"later":1,"more":0,"later":2', b'"extend_info":{"later":1},"extend_info":{}',
        b'"children":[{"id":"c"}],"children":[]', b'"children":[{"id":"c"}],"children":null', b'"n\\u0061me":"a","name":"b"',
        b'"replication_records":[{"id":"r","extra_info":{"progress":1,"progress":2,"odd":1,"odd":2}}]',
        b'"created_at":"2026-01-01T00:00:00","created_at":"soon"', b'"resource_size":1,"resource_size":"2"',
    ],
)  # fmt: skip
def test_of_a_key_that_one_object_has_twice_the_last_counts_both_ways(members: bytes) -> None:
    same_both_ways(
        b'{"backup":{"id":"b1",%s}}' % members, server("b3"), listed=(b'{"backups":[{"id":"l1",%s}]}' % members,)
    )


def test_zones_are_read_a_column_at_a_time_whatever_stands_beside_them() -> None:
    moments = ["2026-02-28T23:59:59.5Z", "2026-02-28 23:59:59", "2026-02-28T23:59:59.123456+08:00", None]
    bodies = [server(f"b{n}", created_at=moments[n % 4], updated_at=moments[n % 5 % 4]) for n in range(400)]
    assert fits(*bodies)
    same_both_ways(*bodies, server("odd", created_at="2026-02-30T00:00:00Z"), server("odder", updated_at="soon"))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_bodies_are_the_same_both_ways(data: st.DataObject) -> None:
    bodies = [deepcopy(PAGE_SHAPED), server("b2"), server("b3", children=[child("c1"), child("c2")])]
    for _ in range(data.draw(st.integers(1, 4))):
        body = data.draw(st.sampled_from(bodies))
        *above, key = data.draw(st.sampled_from([path for path in paths(body) if path]))
        at: Any = body
        for step in above:
            at = at[step]
        how = data.draw(st.sampled_from(["value", "missing", "unknown key", "copied", "as text"]))
        if how == "value":
            at[key] = data.draw(
                VALUES | st.sampled_from([2**63, -(2**63), 2**64, "x" * 5_000, "2026-02-30T00:00:00", "\ud800"])
            )
        elif how == "missing":
            del at[key]
        elif how == "unknown key" and isinstance(at, dict):
            at[data.draw(st.text(max_size=6))] = data.draw(VALUES)
        elif how == "copied" and isinstance(at, list):
            at.append(deepcopy(at[key]))
        elif how == "as text":
            at[key] = str(at[key])
    lines = [
        json.dumps({"backup": body}, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "replace")
        for body in bodies
    ]
    raw = data.draw(st.sampled_from(lines))
    lines.append(raw.replace(b'"id":', b'"id": "twice", "id":', 1))
    repeated = data.draw(st.sampled_from([b'"status": 1, ', b'"status": null, ', b'"new": 1, "newer": 2, "new": 3, ']))
    lines.append(lines[-1].replace(b'"id":', repeated + b'"id":', data.draw(st.integers(1, 3))))
    same_both_ways(*lines, listed=([bodies[1]], bodies[2:]))


@given(
    st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=9),
    st.integers(1, 50),
    st.integers(1, 64),
    st.booleans(),
)
def test_a_stream_is_cut_into_its_lines_wherever_it_is_cut(
    lines: list[bytes], at_once: int, size: int, ends: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    pieces = [data[n : n + at_once] for n in range(0, len(data), at_once)]

    def fill(view: memoryview) -> int:
        piece = pieces.pop(0) if pieces else b""
        if len(piece) > len(view):
            pieces.insert(0, piece[len(view) :])
        view[: min(len(piece), len(view))] = piece[: len(view)]
        return min(len(piece), len(view))

    with patch("pipelines.landing.blocks.SIZE", size):
        blocks = list(blocks_of("part", fill))
    whole = data if data.endswith(b"\n") or not data else data + b"\n"
    assert [line for block in blocks for line in block.lines()] == whole.split(b"\n")[:-1]
    assert all(a.numbers[-1] + 1 == b.numbers[0] for a, b in pairwise(blocks))
