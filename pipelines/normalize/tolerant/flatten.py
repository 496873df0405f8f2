"""One backup, as ShowBackup or the list sent it -> rows of the four tables.

Belongs here: what becomes a row, and what is rejected. Children are walked with a stack, so that depth is
bounded by the parser alone. A backup enters as a parsed object; rows, rejects and drift leave in `Batch`.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pipelines.contract.columns import Table
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS
from pipelines.landing.wire import id_of, storable
from pipelines.normalize.tolerant.coerce import json_text, json_type
from pipelines.normalize.tolerant.record import Node, read, tree

Row = dict[str, Any]

_PLACE = ("scope", "snapshot_id")  # key columns that every row of a snapshot shares
_STRUCTURE = ("extend_info", "children", "replication_records")
_TREES: dict[str, Node] = {
    BACKUPS.name: tree(BACKUPS, _STRUCTURE),
    CHILDREN.name: tree(CHILDREN, _STRUCTURE),
    EXTEND_INFO.name: tree(EXTEND_INFO),
    REPLICATION_RECORDS.name: tree(REPLICATION_RECORDS),
}


class Known(Protocol):
    """The ids of the top-level backups that were loaded."""

    def __contains__(self, one: object, /) -> bool: ...

    def add(self, one: str, /) -> None:
        """Remember one more."""


@dataclass(slots=True)
class Batch:
    """Rows by table, and what was said about them on the way."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _TREES})
    rejects: list[Row] = field(default_factory=list)
    drift: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # table, path, kind, JSON type
    examples: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    keys: dict[tuple[Any, ...], object] = field(default_factory=dict)  # of the rows of the backup at hand -> record
    repeats: list[str] = field(default_factory=list)  # paths of records that the backup at hand has twice

    def reject(self, table: str, source: str, path: str, reason: str, raw: object) -> None:
        """Record that what stands at `path` of `source` is no row of `table`."""
        text = storable(raw) if isinstance(raw, str) else json_text(raw)
        is_repeat = any(path == repeat or path.startswith(f"{repeat}.") for repeat in self.repeats)
        row = {"table_name": table, "source": source, "path": path, "reason": reason, "raw": text}
        self.rejects.append(row | {"is_repeat": is_repeat})

    def note(self, entry: tuple[str, str, str, str], example_id: str) -> None:
        """Count one deviation from the contract."""
        self.drift[entry] += 1
        self.examples.setdefault(entry, example_id)


def flatten(backup: object, source: str, path: str, batch: Batch, known: Known, read_at: datetime | None) -> str | None:
    """Add the rows of one top-level backup to `batch`; return its id, or None where it was rejected.

    `source` names the landing part and line, `path` the place in that line; `read_at` is when ShowBackup was
    read, None for an item of the list. What stands below a rejected record is rejected one by one, so that every record
    landed is either a row or a reject. A list that was not sent is unknown, which is not the same as an empty one.
    """
    before = len(batch.rejects)
    batch.keys.clear()
    batch.repeats.clear()
    if (again := id_of(backup)) in known:
        batch.keys[BACKUPS.name, again] = None
    loaded: Row = {"detail_loaded": read_at is not None and _has_list(backup, CHILDREN)}
    loaded["replication_loaded"] = _has_list(backup, REPLICATION_RECORDS)
    if read_at is not None:
        loaded["detail_read_at"] = read_at
    top = _add(BACKUPS, backup, source, path, batch, loaded)
    stack: list[tuple[object, str, int, str | None]] = [(backup, path, 0, top)]
    while stack:
        node, here, depth, carrier = stack.pop()
        if not isinstance(node, dict):
            continue
        below = {"backup_id": carrier, "top_backup_id": top}
        if node.get("extend_info") is not None:
            level = {"level": "child" if depth else "backup"}
            _add(EXTEND_INFO, node["extend_info"], source, f"{here}.extend_info", batch, below | level)
        for record, there in _items(node, REPLICATION_RECORDS, source, here, batch):
            _add(REPLICATION_RECORDS, record, source, there, batch, below)
        place = {"backup_id": top, "carrier_id": carrier, "depth": depth + 1}
        for child, there in _items(node, CHILDREN, source, here, batch):
            stack.append((child, there, depth + 1, _add(CHILDREN, child, source, there, batch, place)))
    if top is not None:
        known.add(top)
        rejected = [reject for reject in batch.rejects[before:] if not reject["is_repeat"]]
        batch.rows[BACKUPS.name][-1]["rejected_parts"] = len(rejected)
    return top


def _has_list(backup: object, table: Table) -> bool:
    return isinstance(backup, dict) and isinstance(backup.get(table.name), list)


def _add(table: Table, record: object, source: str, path: str, batch: Batch, ours: Row) -> str | None:
    """Add `record` to `table` with the columns that are ours; return its id, or None where it is rejected."""
    noted: list[tuple[str, str, object]] = []
    reason, row = None, {}
    if not isinstance(record, dict):
        reason = f"an object was expected, not {json_type(record)}"
    elif None in ours.values():
        reason = "the record that carries it was rejected"
    else:
        row = read(record, _TREES[table.name], lambda *note: noted.append(note)) | ours
        if "id" in table.key:
            row["id"] = id_of(record)
    key = (table.name, *(row.get(name) for name in table.key if name not in _PLACE))
    if not reason and not all(key):
        reason = "it has no id"
    if not reason and key in batch.keys:
        reason = "its id was loaded before"
        if batch.keys[key] == record:
            batch.repeats.append(path)
    if reason:
        batch.reject(table.name, source, path, reason, record)
        return None
    batch.keys[key] = record
    batch.rows[table.name].append(row)
    for where, kind, value in noted:
        batch.note((table.name, storable(where), kind, json_type(value)), str(key[-1]))
    return str(key[-1])


def _items(node: Row, table: Table, source: str, path: str, batch: Batch) -> list[tuple[object, str]]:
    """Return the records of `table` that `node` holds, each with its path."""
    here = f"{path}.{table.name}"
    value = node.get(table.name)
    if value is None:
        return []
    if not isinstance(value, list):
        batch.reject(table.name, source, here, f"a list was expected, not {json_type(value)}", value)
        return []
    return [(item, f"{here}[{index}]") for index, item in enumerate(value)]
