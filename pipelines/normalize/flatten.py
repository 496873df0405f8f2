"""One backup, as ShowBackup or the list sent it -> rows of the four tables.

Decides what becomes a row and what is rejected. Children are walked with a stack, so that depth is bounded by the
parser alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.contract.columns import Table
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS
from pipelines.landing.wire import id_of, storable
from pipelines.normalize.coerce import json_text, json_type
from pipelines.normalize.drift import Deviation, Drift
from pipelines.normalize.record import Node, read, tree

Row = dict[str, Any]

_PLACE = ("scope", "snapshot_id")  # key columns that every row of a snapshot shares
_STRUCTURE = ("extend_info", "children", "replication_records")
_TREES: dict[str, Node] = {
    BACKUPS.name: tree(BACKUPS, _STRUCTURE),
    CHILDREN.name: tree(CHILDREN, _STRUCTURE),
    EXTEND_INFO.name: tree(EXTEND_INFO),
    REPLICATION_RECORDS.name: tree(REPLICATION_RECORDS),
}


@dataclass(slots=True)
class RowBuffer:
    """Rows by table, rejects and drift."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _TREES})
    rejects: list[Row] = field(default_factory=list)
    drift: Drift = field(default_factory=Drift)
    keys: dict[tuple[Any, ...], object] = field(default_factory=dict)  # of the rows of the backup at hand -> record
    repeats: list[str] = field(default_factory=list)  # paths of records that the backup at hand has twice

    def reject(self, table: str, source: str, path: str, reason: str, raw: object) -> None:
        """Record that what stands at `path` of `source` is no row of `table`."""
        text = storable(raw) if isinstance(raw, str) else json_text(raw)
        is_repeat = any(path == repeat or path.startswith(f"{repeat}.") for repeat in self.repeats)
        row = {"table_name": table, "source": source, "path": path, "reason": reason, "raw": text}
        self.rejects.append(row | {"is_repeat": is_repeat})


def flatten(
    backup: object, source: str, path: str, buffer: RowBuffer, known: set[str], read_at: datetime | None
) -> str | None:
    """Add the rows of one top-level backup to `buffer`; return its id, or None if it was rejected.

    `source` names the landing part and line, `path` the place in that line; `read_at` is when ShowBackup was
    read, None for an item of the list. What stands below a rejected record is rejected one by one, so that every record
    landed is either a row or a reject. A list that was not sent is unknown, which is not the same as an empty one.
    """
    before = len(buffer.rejects)
    buffer.keys.clear()
    buffer.repeats.clear()
    if (again := id_of(backup)) in known:
        buffer.keys[BACKUPS.name, again] = None
    loaded: Row = {"detail_loaded": read_at is not None and _has_list(backup, CHILDREN)}
    loaded["replication_loaded"] = _has_list(backup, REPLICATION_RECORDS)
    if read_at is not None:
        loaded["detail_read_at"] = read_at
    top = _add(BACKUPS, backup, source, path, buffer, loaded)
    stack: list[tuple[object, str, int, str | None]] = [(backup, path, 0, top)]
    while stack:
        node, here, depth, carrier = stack.pop()
        if not isinstance(node, dict):
            continue
        below = {"backup_id": carrier, "top_backup_id": top}
        if node.get("extend_info") is not None:
            level = {"level": "child" if depth else "backup"}
            _add(EXTEND_INFO, node["extend_info"], source, f"{here}.extend_info", buffer, below | level)
        for record, there in _items(node, REPLICATION_RECORDS, source, here, buffer):
            _add(REPLICATION_RECORDS, record, source, there, buffer, below)
        place = {"backup_id": top, "carrier_id": carrier, "depth": depth + 1}
        for child, there in _items(node, CHILDREN, source, here, buffer):
            stack.append((child, there, depth + 1, _add(CHILDREN, child, source, there, buffer, place)))
    if top is not None:
        known.add(top)
        rejected = [reject for reject in buffer.rejects[before:] if not reject["is_repeat"]]
        buffer.rows[BACKUPS.name][-1]["rejected_parts"] = len(rejected)
    return top


def _has_list(backup: object, table: Table) -> bool:
    return isinstance(backup, dict) and isinstance(backup.get(table.name), list)


def _add(table: Table, record: object, source: str, path: str, buffer: RowBuffer, ours: Row) -> str | None:
    """Add `record` to `table` with the columns that are ours; return its id, or None if it is rejected."""
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
    if not reason and key in buffer.keys:
        reason = "its id was loaded before"
        if buffer.keys[key] == record:
            buffer.repeats.append(path)
    if reason:
        buffer.reject(table.name, source, path, reason, record)
        return None
    buffer.keys[key] = record
    buffer.rows[table.name].append(row)
    for where, kind, value in noted:
        buffer.drift.add(Deviation(table.name, storable(where), kind, json_type(value)), str(key[-1]))
    return str(key[-1])


def _items(node: Row, table: Table, source: str, path: str, buffer: RowBuffer) -> list[tuple[object, str]]:
    """Return the records of `table` that `node` holds, each with its path."""
    here = f"{path}.{table.name}"
    value = node.get(table.name)
    if value is None:
        return []
    if not isinstance(value, list):
        buffer.reject(table.name, source, here, f"a list was expected, not {json_type(value)}", value)
        return []
    return [(item, f"{here}[{index}]") for index, item in enumerate(value)]
