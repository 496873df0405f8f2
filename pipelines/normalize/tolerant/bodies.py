"""Bodies, one by one -> Arrow tables, and what was said about them on the way.

Belongs here: which body stands for a backup (its details where they were read, else its list item), which of two
with one id is loaded (the first), and counting what was landed. Lines or parsed bodies enter in their order; a
`Piece` leaves when it is asked for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from pipelines.clock import moment_of
from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.meta import DRIFT, REJECTS
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, NORMALIZED, REPLICATION_RECORDS
from pipelines.landing.blocks import Block, reading_of
from pipelines.landing.wire import id_of, parse, storable
from pipelines.normalize.piece import Piece
from pipelines.normalize.tolerant.flatten import Batch, Known, flatten

REJECTED = object()  # what stands for a line that is no JSON


class Bodies:
    """Takes the bodies of one snapshot."""

    def __init__(self, place: Mapping[str, str], gone: Iterable[str], listed: Callable[[], Iterable[Block]]) -> None:
        """`place` are the columns that all rows share; `gone` ids that vanished; `listed` reads the list pages."""
        self.place = dict(place)
        self.gone = frozenset(gone)
        self.known: Known = set()
        self._listed = listed
        self._batch = Batch()
        self._records: Counter[str] = Counter()

    def take_shows(self, block: Block) -> Piece:
        """Take a block of details."""
        for number, line in enumerate(block.lines()):
            self.take_show(block.source(number), self.show(block.source(number), line))
        return self.hand_over()

    def take_pages(self, block: Block) -> Piece:
        """Take what a block of list pages has beside the details."""
        for number, line in enumerate(block.lines()):
            for index, item in enumerate(_items(self._parsed(block.source(number), line))):
                self.take_item(block.source(number), index, item)
        return self.hand_over()

    def show(self, source: str, line: bytes) -> Any:
        """Return the backup that a line of details holds, REJECTED where it is no JSON."""
        body = self._parsed(source, line)
        backup = body.get("backup") if isinstance(body, dict) else body
        if isinstance(backup, dict) and backup.get(REPLICATION_RECORDS.name) is None:
            return backup | {REPLICATION_RECORDS.name: self.listed_records(id_of(backup))}
        return backup

    def take_show(self, source: str, backup: object) -> None:
        """Take a backup whose details were read."""
        if backup is not REJECTED:
            self._take(backup, source, "backup", self.read_at(source))

    def take_item(self, source: str, index: int, item: object) -> None:
        """Take an item of a list page, unless it is loaded already or gone."""
        identity = id_of(item)
        if identity not in self.gone and identity not in self.known:
            self._take(item, source, f"backups[{index}]", None)

    def read_at(self, source: str) -> datetime:
        """Return when the reading began in which the details of a landed part were read."""
        return moment_of(reading_of(source, self.place["snapshot_id"]))

    def listed_records(self, identity: str | None) -> object:
        """Return the replication records of a backup that the list has: some services say them there alone."""
        return self._records_by_id.get(identity)

    @cached_property
    def _records_by_id(self) -> dict[str | None, object]:
        items = (
            item
            for block in self._listed()
            for line in block.lines()
            for item in _items(_quietly(line))
            if isinstance(item, dict)
        )
        return {id_of(item): held for item in items if (held := item.get(REPLICATION_RECORDS.name)) is not None}

    def _parsed(self, source: str, line: bytes) -> Any:
        try:
            return parse(line)
        except ValueError as error:
            self._records[BACKUPS.name] += 1
            self._batch.reject(BACKUPS.name, source, "", str(error), storable(line.decode("utf-8", "replace")))
            return REJECTED

    def _take(self, backup: object, source: str, path: str, read_at: datetime | None) -> None:
        self._records.update(count_records(backup))
        flatten(backup, source, path, self._batch, self.known, read_at)

    def hand_over(self) -> Piece:
        """Return what was taken, and begin anew; drift goes on."""
        tables = {table.name: self._arrow(table, self._batch.rows[table.name]) for table in NORMALIZED}
        tables[REJECTS.name] = self._arrow(REJECTS, self._batch.rejects)
        for rows in (*self._batch.rows.values(), self._batch.rejects):
            rows.clear()
        records, self._records = self._records, Counter()
        return Piece(tables, records)

    def drift(self) -> pa.Table:
        """Return what differed from the contract, one row a way."""
        rows = [
            {"table_name": table, "path": path, "kind": kind, "found": found, "occurrences": count}
            | {"example_id": self._batch.examples[table, path, kind, found]}
            for (table, path, kind, found), count in sorted(self._batch.drift.items())
        ]
        return self._arrow(DRIFT, rows)

    def _arrow(self, table: Table, rows: list[dict[str, Any]]) -> pa.Table:
        columns = [
            pa.repeat(self.place[c.name], len(rows))
            if c.name in self.place
            else pa.array([row.get(c.name) for row in rows], c.type.arrow)
            for c in table.columns
        ]
        return pa.table(columns, schema=arrow_schema(table))


def count_records(backup: object) -> Counter[str]:
    """Count the records of a body by table, by its shape alone and apart from the flattening."""
    counts: Counter[str] = Counter({BACKUPS.name: 1})
    stack = [backup]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        counts[EXTEND_INFO.name] += node.get("extend_info") is not None
        for table in (CHILDREN, REPLICATION_RECORDS):
            held = node.get(table.name)
            counts[table.name] += len(held) if isinstance(held, list) else held is not None
        if isinstance(node.get("children"), list):
            stack.extend(node["children"])
    return counts


def _quietly(line: bytes) -> Any:
    try:
        return parse(line)
    except ValueError:
        return None


def _items(page: object) -> list[object]:
    """Return the items of a list page; a page of another shape was refused when it was read."""
    items = page.get("backups") if isinstance(page, dict) else None
    return items if isinstance(items, list) else []
