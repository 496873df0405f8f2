import json
from collections import Counter
from copy import deepcopy
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.tables import NORMALIZED
from pipelines.landing.blocks import Block
from pipelines.normalize.snapshot import Normalizer
from tests.given import Body, child, server

# The keys of the ShowBackup page's example, with values of our own.
PAGE_SHAPED: Body = {
    "provider_id": "provider-1",
    "checkpoint_id": "checkpoint-1",
    "enterprise_project_id": "0",
    "vault_id": "vault-1",
    "id": "backup-1",
    "resource_az": "az-1",
    "image_type": "backup",
    "resource_id": "server-1",
    "resource_size": 80,
    "children": [
        {
            "provider_id": "provider-1",
            "checkpoint_id": "checkpoint-1",
            "vault_id": "vault-1",
            "id": "child-1",
            "image_type": "backup",
            "resource_id": "disk-1",
            "resource_size": 80,
            "children": [],
            "parent_id": "backup-1",
            "extend_info": {
                "auto_trigger": True,
                "snapshot_id": "disk-snapshot-1",
                "bootable": True,
                "encrypted": True,
            },
            "project_id": "project-1",
            "status": "available",
            "resource_name": "web-01",
            "replication_records": [],
            "name": "autobk_web-01",
            "created_at": "2026-02-10T07:59:59.450700",
            "resource_type": "OS::Cinder::Volume",
        }
    ],
    "extend_info": {
        "auto_trigger": True,
        "supported_restore_mode": "backup",
        "contain_system_disk": True,
        "support_lld": True,
        "app_consistency": {
            "app_consistency_error_code": "7",
            "app_consistency_status": "1",
            "app_consistency_error_message": "none",
            "app_consistency": "2",
        },
    },
    "project_id": "project-1",
    "status": "available",
    "resource_name": "web-01",
    "description": "nightly",
    "replication_records": [
        {
            "created_at": "2026-02-10T09:00:00.000001",
            "destination_backup_id": "copy-1",
            "destination_checkpoint_id": "checkpoint-9",
            "destination_project_id": "project-9",
            "destination_region": "region-9",
            "destination_vault_id": "vault-9",
            "extra_info": {"progress": 100, "fail_code": "", "fail_reason": "", "auto_trigger": True},
            "id": "record-1",
            "source_backup_id": "backup-1",
            "source_checkpoint_id": "checkpoint-1",
            "source_project_id": "project-1",
            "source_region": "region-1",
            "status": "success",
            "vault_id": "vault-1",
        }
    ],
    "name": "backup_name",
    "created_at": "2026-02-10T07:59:12.084695",
    "resource_type": "OS::Nova::Server",
}


def normalize(*bodies: Any, listed: tuple[Any, ...] = (), gone: tuple[str, ...] = ()) -> dict[str, list[Body]]:
    """The rows of all tables, with drift, of a snapshot with these details and list items."""
    shows = Block.of("show", (b if isinstance(b, bytes) else json.dumps({"backup": b}).encode() for b in bodies))
    pages = Block.of("list", [json.dumps({"backups": list(listed)}).encode()])
    normalizer = Normalizer("prod", "20260301T120000Z", lambda: [shows], lambda: [pages], gone)
    batches = list(normalizer.batches())
    tables = {
        name: pa.concat_tables([batch.tables[name] for batch in batches if name in batch.tables]).to_pylist()
        for name in batches[-1].tables
    }
    records: Counter[str] = sum((batch.records for batch in batches), Counter())
    rejected = Counter(reject["table_name"] for reject in tables["rejects"])
    for table in NORMALIZED:
        assert records[table.name] == len(tables[table.name]) + rejected[table.name], f"{table.name} lost records"
    return tables | {"drift": normalizer.drift().to_pylist()}


def leaves(value: Any) -> Counter[str]:
    """Every scalar in a value, as text."""
    if isinstance(value, dict):
        return sum((leaves(item) for item in value.values()), Counter())
    if isinstance(value, list):
        return sum((leaves(item) for item in value), Counter())
    text = value.isoformat(timespec="microseconds") if hasattr(value, "isoformat") else str(value)
    return Counter() if value is None else Counter([text])


def test_a_body_of_the_pages_shape_comes_out_in_all_four_tables_with_every_value() -> None:
    tables = normalize(PAGE_SHAPED)
    assert {name: len(rows) for name, rows in tables.items()} == {
        "backups": 1, "children": 1, "extend_info": 2, "replication_records": 1, "rejects": 0, "drift": 0,
    }  # fmt: skip
    rows = [row for table in NORMALIZED for row in tables[table.name]]
    missing = leaves(PAGE_SHAPED) - leaves(rows)
    assert not missing
    [info] = [row for row in tables["extend_info"] if row["level"] == "child"]
    assert (info["backup_id"], info["volume_snapshot_id"]) == ("child-1", "disk-snapshot-1")
    assert info["snapshot_id"] == "20260301T120000Z"
    [record] = tables["replication_records"]
    assert (record["backup_id"], record["extra_info_progress"], record["extra_info_auto_trigger"]) == (
        "backup-1",
        100,
        True,
    )
    assert json.loads(record["extra_info"]) == PAGE_SHAPED["replication_records"][0]["extra_info"]


def test_children_are_rows_at_any_depth_under_their_top_level_backup() -> None:
    body = child("c60")
    for depth in range(59, 0, -1):
        body = child(f"c{depth}", children=[body])
    tables = normalize(server(children=[body]))
    assert [(row["id"], row["depth"]) for row in tables["children"]] == [(f"c{n}", n) for n in range(1, 61)]
    assert {row["backup_id"] for row in tables["children"]} == {"backup-1"}
    assert len(tables["extend_info"]) == 61


def test_unknown_keys_are_kept_in_extra_and_counted() -> None:
    body = server(
        new_key={"a": 1}, extend_info={"later": [True], "app_consistency": {"app_consistency": "0", "odd": "x"}}
    )
    tables = normalize(body)
    [backup] = tables["backups"]
    assert json.loads(backup["extra"]) == {"new_key": {"a": 1}}
    [info] = [row for row in tables["extend_info"] if row["level"] == "backup"]
    assert json.loads(info["extra"]) == {"later": [True], "app_consistency": {"odd": "x"}}
    assert {(d["path"], d["kind"], d["found"], d["example_id"]) for d in tables["drift"]} == {
        ("new_key", "unknown", "object", "backup-1"),
        ("later", "unknown", "array", "backup-1"),
        ("app_consistency.odd", "unknown", "string", "backup-1"),
    }


def test_a_value_of_another_type_is_coerced_or_kept_and_counted_either_way() -> None:
    tables = normalize(server(resource_size="40"), server("b2", resource_size="forty", created_at="soon"))
    sizes = [(row["resource_size"], row["created_at"] is None, row["extra"]) for row in tables["backups"]]
    assert sizes == [(40, False, None), (None, True, '{"created_at":"soon","resource_size":"forty"}')]
    assert {(d["path"], d["kind"], d["occurrences"]) for d in tables["drift"]} == {
        ("resource_size", "coerced", 1),
        ("resource_size", "refused", 1),
        ("created_at", "refused", 1),
    }


def test_extra_info_is_read_as_an_object_and_as_a_string_that_spells_one() -> None:
    record = {"id": "r1", "extra_info": '{"progress": 7, "fail_code": "E1"}'}
    [row] = normalize(server(replication_records=[record]))["replication_records"]
    assert (row["extra_info_progress"], row["extra_info_fail_code"]) == (7, "E1")
    assert json.loads(row["extra_info"]) == record["extra_info"]
    [row] = normalize(server(replication_records=[record | {"extra_info": "plain words"}]))["replication_records"]
    assert (row["extra_info"], row["extra_info_progress"]) == ('"plain words"', None)


@pytest.mark.parametrize(
    ("body", "table", "path", "reason"),
    [
        (server(id=None), "backups", "backup", "it has no id"),
        (server(id=""), "backups", "backup", "it has no id"),
        ("text", "backups", "backup", "an object was expected, not string"),
        (server(children=["x"]), "children", "backup.children[0]", "an object was expected, not string"),
        (server(children={"a": 1}), "children", "backup.children", "a list was expected, not object"),
        (server(children=[child("c"), child("c")]), "children", "backup.children[1]", "its id was loaded before"),
        (server(extend_info="x") | {"extend_info": "x"}, "extend_info", "backup.extend_info", "an object was expected, not string"),
        (server(replication_records=[{}]), "replication_records", "backup.replication_records[0]", "it has no id"),
    ],
)  # fmt: skip
def test_what_can_not_be_loaded_is_rejected_with_its_raw_text(body: Any, table: str, path: str, reason: str) -> None:
    rejects = normalize(body)["rejects"]
    assert (rejects[0]["table_name"], rejects[0]["path"], rejects[0]["reason"]) == (table, path, reason)
    assert rejects[0]["source"] == "show:1"
    assert rejects[0]["raw"]


def test_a_line_that_is_not_json_is_rejected_and_the_rest_is_loaded() -> None:
    tables = normalize(b'{"backup": {"id": "b', server())
    assert [reject["reason"].split(":")[0] for reject in tables["rejects"]] == ["not JSON"]
    assert len(tables["backups"]) == 1


def test_details_stand_for_the_list_item_and_the_list_for_what_has_none() -> None:
    tables = normalize(server("b1", name="shown"), listed=(server("b1", name="listed"), server("b2"), server("b2")))
    assert [(row["id"], row["name"], row["detail_loaded"]) for row in tables["backups"]] == [
        ("b1", "shown", True),
        ("b2", "autobk_b2", False),
    ]


def test_a_backup_that_vanished_while_reading_is_not_loaded() -> None:
    assert [row["id"] for row in normalize(listed=(server("b1"), server("b2")), gone=("b1",))["backups"]] == ["b2"]


@pytest.mark.parametrize(
    "number", ["1e400", "-1e999", "9" * 5000, "0.1e-400", "12345678901234567.89", "NaN", "-Infinity"]
)
def test_numbers_that_nothing_can_hold_are_kept_as_text(number: str) -> None:
    line = b'{"backup": {"id": "b1", "resource_size": ' + number.encode() + b', "odd": ' + number.encode() + b"}}"
    [backup] = normalize(line)["backups"]
    assert backup["resource_size"] is None
    assert json.loads(backup["extra"]) == {"resource_size": number, "odd": number}


def test_odd_ids_and_keys_stop_nothing() -> None:
    odd = [{"id": {"a": 1}}, {"id": True}, {"id": 7, "\ud800": 1}, {"id": "b1", "resource_size": float("nan")}]
    tables = normalize(listed=(*odd, server("b2")))
    assert [row["id"] for row in tables["backups"]] == ["7", "b1", "b2"]
    assert len(tables["rejects"]) == 2


def test_replication_records_that_only_the_list_has_are_loaded() -> None:
    record = {"id": "r1", "status": "success"}
    listed = server("b1", children=[], replication_records=[record])
    tables = normalize(server("b1", replication_records=...), listed=(listed,))
    assert [(row["backup_id"], row["id"]) for row in tables["replication_records"]] == [("b1", "r1")]
    assert normalize(server("b1"), listed=(listed,))["replication_records"] == []


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_of_a_body_loses_a_record_or_a_value(data: st.DataObject) -> None:
    body = deepcopy(PAGE_SHAPED)
    for _ in range(data.draw(st.integers(1, 4))):
        *above, key = data.draw(st.sampled_from([path for path in paths(body) if path]))
        at: Any = body
        for step in above:
            at = at[step]
        at[key] = data.draw(VALUES)
    tables = normalize(body)  # asserts the conservation of records
    kept = json.dumps(tables, default=str, ensure_ascii=False)
    for text in leaves(body):
        if text.isalnum() and text.isascii() and len(text) > 3:
            assert text.lower() in kept.lower()
