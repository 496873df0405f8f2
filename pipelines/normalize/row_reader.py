"""Parsed bodies, one by one -> Arrow tables: the way of the lines that do not fit the contract.

Says which of two backups with one id is loaded (the first), and counts what was landed. It reads any line, and is what
the faster way is compared with.
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
from pipelines.normalize.batch import Batch
from pipelines.normalize.drift import Drift
from pipelines.normalize.flatten import RowBuffer, flatten

NOT_JSON = object()  # stands for a line that can't be parsed


class RowReader:
    """Reads the bodies of one snapshot."""

    def __init__(
        self, constants: Mapping[str, str], vanished_ids: Iterable[str], pages: Callable[[], Iterable[Block]]
    ) -> None:
        """`constants` are the columns that all rows share. `pages` reads the list."""
        self.constants = dict(constants)
        self.vanished_ids = frozenset(vanished_ids)
        self.loaded_ids: set[str] = set()
        self._pages = pages
        self._buffer = RowBuffer()
        self._records: Counter[str] = Counter()

    @property
    def drift(self) -> Drift:
        """The differences from the contract so far."""
        return self._buffer.drift

    @property
    def pending_rows(self) -> int:
        """The number of rows of the next batch."""
        return len(self._buffer.rejects) + sum(map(len, self._buffer.rows.values()))

    def parse_line(self, source: str, line: bytes) -> Any:
        """Return the backup in a line of details, or NOT_JSON."""
        body = self._parse(source, line)
        backup = body.get("backup") if isinstance(body, dict) else body
        if isinstance(backup, dict) and backup.get(REPLICATION_RECORDS.name) is None:
            return backup | {REPLICATION_RECORDS.name: self.listed_records(id_of(backup))}
        return backup

    def read_backup(self, source: str, backup: object) -> None:
        """Read a backup whose details were read."""
        if backup is not NOT_JSON:
            self._read(backup, source, "backup", self.read_at(source))

    def read_pages(self, block: Block) -> None:
        """Read the items of a block of list pages."""
        for number, line in enumerate(block.lines()):
            for index, item in enumerate(_items(self._parse(block.source(number), line))):
                self.read_item(block.source(number), index, item)

    def read_item(self, source: str, index: int, item: object) -> None:
        """Read an item of a list page, unless it is loaded already or has vanished."""
        identity = id_of(item)
        if identity not in self.vanished_ids and identity not in self.loaded_ids:
            self._read(item, source, f"backups[{index}]", None)

    def read_at(self, source: str) -> datetime:
        """Return the start of the reading in which the details of a landed part were read."""
        return moment_of(reading_of(source, self.constants["snapshot_id"]))

    def listed_records(self, identity: str | None) -> object:
        """Return a backup's replication records in the list: some services send them only there."""
        return self._records_by_id.get(identity)

    @cached_property
    def _records_by_id(self) -> dict[str | None, object]:
        items = (
            item
            for block in self._pages()
            for line in block.lines()
            for item in _items(_parse_or_none(line))
            if isinstance(item, dict)
        )
        return {id_of(item): records for item in items if (records := item.get(REPLICATION_RECORDS.name)) is not None}

    def _parse(self, source: str, line: bytes) -> Any:
        try:
            return parse(line)
        except ValueError as error:
            self._records[BACKUPS.name] += 1
            self._buffer.reject(BACKUPS.name, source, "", str(error), storable(line.decode("utf-8", "replace")))
            return NOT_JSON

    def _read(self, backup: object, source: str, path: str, read_at: datetime | None) -> None:
        self._records.update(count_records(backup))
        flatten(backup, source, path, self._buffer, self.loaded_ids, read_at)

    def take_batch(self) -> Batch:
        """Return the rows read since the last batch."""
        tables = {table.name: self._arrow(table, self._buffer.rows[table.name]) for table in NORMALIZED}
        tables[REJECTS.name] = self._arrow(REJECTS, self._buffer.rejects)
        for rows in (*self._buffer.rows.values(), self._buffer.rejects):
            rows.clear()
        records, self._records = self._records, Counter()
        return Batch(tables, records)

    def drift_table(self) -> pa.Table:
        """Return the differences from the contract, one row per kind."""
        rows = [
            {**deviation._asdict(), "occurrences": count, "example_id": example_id}
            for deviation, example_id, count in self.drift
        ]
        return self._arrow(DRIFT, rows)

    def _arrow(self, table: Table, rows: list[dict[str, Any]]) -> pa.Table:
        columns = [
            pa.repeat(self.constants[c.name], len(rows))
            if c.name in self.constants
            else pa.array([row.get(c.name) for row in rows], c.type.arrow)
            for c in table.columns
        ]
        return pa.table(columns, schema=arrow_schema(table))


def count_records(backup: object) -> Counter[str]:
    """Count the records of a body by table from its shape alone, independently of the flattening."""
    counts: Counter[str] = Counter({BACKUPS.name: 1})
    stack = [backup]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        counts[EXTEND_INFO.name] += node.get("extend_info") is not None
        for table in (CHILDREN, REPLICATION_RECORDS):
            records = node.get(table.name)
            counts[table.name] += len(records) if isinstance(records, list) else records is not None
        if isinstance(node.get("children"), list):
            stack.extend(node["children"])
    return counts


def _parse_or_none(line: bytes) -> Any:
    try:
        return parse(line)
    except ValueError:
        return None


def _items(page: object) -> list[object]:
    """Return the items of a list page. A page of another shape was rejected when it was read."""
    items = page.get("backups") if isinstance(page, dict) else None
    return items if isinstance(items, list) else []
