"""The lines of one landed snapshot -> Arrow tables, batch by batch.

Belongs here: which body stands for a backup (its details where they were read, else its list item), and the
count of records that the law of conservation is held against. Lines enter with the name of their source;
a `Piece` leaves for each batch. Memory holds one batch and the ids seen, never a whole snapshot.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.meta import DRIFT, REJECTS
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, NORMALIZED, REPLICATION_RECORDS
from pipelines.normalize.flatten import Batch, flatten
from pipelines.strict_json import id_of, parse, storable

Line = tuple[str, bytes]  # (landing part and line number, body as sent)
Lines = Callable[[], Iterable[Line]]  # read as often as it is called
BATCH = 5_000  # backups


@dataclass(frozen=True, slots=True)
class Piece:
    """One batch as Arrow tables by name (the four, `rejects`), and the records landed in it by table."""

    tables: dict[str, pa.Table]
    records: Counter[str]


class Normalizer:
    """Normalizes one snapshot. Iterate `pieces()` to its end, then read `drift()`."""

    def __init__(self, scope: str, snapshot_id: str, gone: Iterable[str] = ()) -> None:
        """`gone` are ids that vanished between list and details: known not to be there, so not loaded."""
        self._place = {"scope": scope, "snapshot_id": snapshot_id}
        self._gone = frozenset(gone)
        self._batch = Batch()
        self._records: Counter[str] = Counter()

    def pieces(self, shows: Lines, pages: Lines) -> Iterator[Piece]:
        """Yield the tables: details first, then what only the list has."""
        records = self._listed_records(pages())
        for source, line in shows():
            body = self._parsed(source, line)
            if body is not None:
                backup = body.get("backup") if isinstance(body, dict) else body
                if isinstance(backup, dict) and REPLICATION_RECORDS.name not in backup:
                    # Some services say in the list alone where a backup was copied to.
                    backup = backup | {REPLICATION_RECORDS.name: records.get(id_of(backup))}
                yield from self._take(backup, source, "backup", detail_loaded=True)
        for source, line in pages():
            body = self._parsed(source, line)
            for index, item in enumerate(_listed(body)):
                if not self._known(item):
                    yield from self._take(item, source, f"backups[{index}]", detail_loaded=False)
        yield self._piece()

    def _listed_records(self, pages: Iterable[Line]) -> dict[str | None, object]:
        """Return the replication records that the list tells of, by backup."""
        items = (item for _, line in pages for item in _listed(_quietly(line)) if isinstance(item, dict))
        return {id_of(item): held for item in items if (held := item.get(REPLICATION_RECORDS.name))}

    def drift(self) -> pa.Table:
        """Return what differed from the contract, one row a way."""
        rows = [
            {"table_name": table, "path": path, "kind": kind, "found": found, "occurrences": count}
            | {"example_id": self._batch.examples[table, path, kind, found]}
            for (table, path, kind, found), count in sorted(self._batch.drift.items())
        ]
        return self._arrow(DRIFT, rows)

    def _parsed(self, source: str, line: bytes) -> Any:
        try:
            return parse(line)
        except ValueError as error:
            self._records[BACKUPS.name] += 1
            self._batch.reject(BACKUPS.name, source, "", str(error), storable(line.decode("utf-8", "replace")))
            return None

    def _known(self, item: object) -> bool:
        """Tell whether a list item is loaded already (details, or an earlier page) or gone."""
        identity = id_of(item)
        return identity in self._gone or (identity,) in self._batch.keys[BACKUPS.name]

    def _take(self, backup: object, source: str, path: str, *, detail_loaded: bool) -> Iterator[Piece]:
        self._records.update(count_records(backup))
        flatten(backup, source, path, self._batch, detail_loaded=detail_loaded)
        if len(self._batch.rows[BACKUPS.name]) >= BATCH:
            yield self._piece()

    def _piece(self) -> Piece:
        """Hand over what has gathered and begin anew; ids and drift stay."""
        tables = {table.name: self._arrow(table, self._batch.rows[table.name]) for table in NORMALIZED}
        tables[REJECTS.name] = self._arrow(REJECTS, self._batch.rejects)
        piece = Piece(tables, self._records)
        for rows in (*self._batch.rows.values(), self._batch.rejects):
            rows.clear()
        self._records = Counter()
        return piece

    def _arrow(self, table: Table, rows: list[dict[str, Any]]) -> pa.Table:
        columns = [
            pa.repeat(self._place[c.name], len(rows))
            if c.name in self._place
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


def _listed(page: object) -> list[object]:
    """Return the items of a list page; a page of another shape was refused when it was read."""
    items = page.get("backups") if isinstance(page, dict) else None
    return items if isinstance(items, list) else []
