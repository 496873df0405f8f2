"""The landed pages of the inputs beside the backups -> Arrow tables, a batch a block.

Each record is read like a part of a backup (record.py). A record may be on several pages, because some lists repeat
pages: the first one is loaded.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.inputs import INPUTS, Input, Nested
from pipelines.contract.meta import REJECTS
from pipelines.landing.blocks import Block
from pipelines.landing.wire import parse, storable
from pipelines.normalize.batch import Batch
from pipelines.normalize.coerce import json_text, json_type
from pipelines.normalize.drift import Deviation, Drift
from pipelines.normalize.record import read, spelled_out, tree

Row = dict[str, Any]


class InputNormalizer:
    """Normalizes the inputs of one snapshot. Iterate `batches()` to its end, then read `drift`."""

    def __init__(self, scope: str, snapshot_id: str, blocks: Callable[[str], Iterable[Block]]) -> None:
        """`blocks` reads the landed blocks of an input, by its name."""
        self.drift = Drift()
        self._constants = {"scope": scope, "snapshot_id": snapshot_id}
        self._blocks = blocks
        self._seen: set[tuple[str, ...]] = set()

    def batches(self) -> Iterator[Batch]:
        """Yield the tables of every input."""
        for source in INPUTS:
            reader = _Reader(source, self.drift, self._seen)
            for block in self._blocks(source.name):
                for number, line in enumerate(block.lines()):
                    reader.read_page(block.source(number), line)
                yield reader.take_batch(self._constants)


class _Reader:
    """Reads the pages of one input."""

    def __init__(self, source: Input, drift: Drift, seen: set[tuple[str, ...]]) -> None:
        self._source = source
        self._drift = drift
        self._seen = seen
        self._trees = {table.name: tree(table, _structure(source, table)) for table in source.tables}
        self._rows: dict[str, list[Row]] = {table.name: [] for table in source.tables}
        self._rejects: list[Row] = []
        self._records: Counter[str] = Counter()

    def read_page(self, where: str, line: bytes) -> None:
        """Read the records of one page."""
        try:
            page = parse(line)
        except ValueError as error:
            self._records[self._source.table.name] += 1
            self._reject(self._source.table, where, "", str(error), storable(line.decode("utf-8", "replace")))
            return
        for record, path in _records(page, self._source.path):
            identity = self._add(self._source.table, record, where, path, self._source.key, {})
            if identity is None:
                continue
            for nested in self._source.nested:
                self._read_nested(nested, record, where, path, identity)

    def _read_nested(self, nested: Nested, record: Row, where: str, path: str, owner: str) -> None:
        key = nested.table.key[-1]
        for part, part_path in _records(record, nested.path, path):
            self._add(
                nested.table,
                {key: part} if isinstance(part, str) else part,
                where,
                part_path,
                key,
                {nested.column: owner},
            )

    def _add(self, table: Table, record: object, where: str, path: str, key: str, ours: dict[str, str]) -> str | None:
        """Add a record to `table`; return its id, or None if it was rejected or is loaded already."""
        value = record.get(key) if isinstance(record, dict) else None
        identity = storable(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        record_key = (table.name, *ours.values(), identity)
        if identity and record_key in self._seen:
            return None
        self._records[table.name] += 1
        if not isinstance(record, dict) or not identity:
            kind = json_type(record)
            reason = "it has no id" if isinstance(record, dict) else f"an object was expected, not {kind}"
            self._reject(table, where, path, reason, record)
            return None
        self._seen.add(record_key)

        def note(key_path: str, kind: str, value: object) -> None:
            self._drift.add(Deviation(table.name, storable(key_path), kind, json_type(value)), identity)

        self._rows[table.name].append(read(record, self._trees[table.name], note) | ours | {key: identity})
        return identity

    def _reject(self, table: Table, where: str, path: str, reason: str, raw: object) -> None:
        text = storable(raw) if isinstance(raw, str) else json_text(raw)
        self._rejects.append(
            {
                "table_name": table.name,
                "source": where,
                "path": path,
                "reason": reason,
                "raw": text,
                "is_repeat": False,
            }
        )

    def take_batch(self, constants: dict[str, str]) -> Batch:
        """Return what was read since the last batch."""
        tables = {table.name: _arrow(table, self._rows[table.name], constants) for table in self._source.tables}
        tables[REJECTS.name] = _arrow(REJECTS, self._rejects, constants)
        for rows in (*self._rows.values(), self._rejects):
            rows.clear()
        records, self._records = self._records, Counter()
        return Batch(tables, records)


def _structure(source: Input, table: Table) -> tuple[str, ...]:
    """Return the keys of a record of `table` that hold rows of another table."""
    return tuple(nested.path[0] for nested in source.nested if table is source.table and len(nested.path) == 1)


def _records(value: object, path: tuple[str, ...], prefix: str = "") -> Iterator[tuple[Any, str]]:
    """Yield the records at `path` below `value`, each with its path: the items of a list, or the one object."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
        value = spelled_out(value) if isinstance(value, str) else value
        prefix = f"{prefix}.{key}" if prefix else key
    if isinstance(value, list):
        yield from ((item, f"{prefix}[{index}]") for index, item in enumerate(value))
    elif value is not None:
        yield value, prefix


def _arrow(table: Table, rows: list[Row], constants: dict[str, str]) -> pa.Table:
    columns = [pa.array([constants.get(c.name, row.get(c.name)) for row in rows], c.type.arrow) for c in table.columns]
    return pa.table(columns, schema=arrow_schema(table))
