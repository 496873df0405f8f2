"""Backups as Structs -> the four tables, but for the columns that all rows of a snapshot share."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any

import pyarrow as pa

from pipelines.contract.columns import Type
from pipelines.contract.keys import EXTRA
from pipelines.contract.tables import CHILDREN, REPLICATION_RECORDS
from pipelines.normalize.columns import AnyArray, Columns, columns_of, nulls_made, pc, timestamps
from pipelines.normalize.decode import BodyDecoder
from pipelines.normalize.records import Records, infos_of
from pipelines.normalize.structs import BACKUP, CHILD, RECORD, ObjectType
from pipelines.normalize.unknown import Spelling, UnknownKeys


class TableBuilder:
    """Builds the tables of backups that one decoder made.

    A value that no column holds, and an id that occurs twice, make a backup `unfit`. Tables with unfit backups are
    not valid: build them again without these.
    """

    def __init__(self, decoder: BodyDecoder, backups: Sequence[Any], as_sent: Callable[[int], Any]) -> None:
        """`as_sent` returns a backup as plain Python values."""
        self.unfit: set[int] = set()
        self._decoder = decoder
        self._backups = Records(BACKUP, backups, range(len(backups)), as_sent)
        self._spelling = Spelling()
        self._unknown = UnknownKeys(decoder, self._spelling)
        self.drift = self._unknown.drift

    def build(self) -> dict[str, pa.Table]:
        """Return the tables by name."""
        backups = self._backups
        children, records = backups.lists_of(CHILD), backups.lists_of(RECORD)
        infos, carriers = infos_of(backups, children)
        own = {rows.kind: self._columns(rows, rows.kind, rows.structs) for rows in (backups, children, infos, records)}
        ids, child_ids = own[BACKUP]["id"], own[CHILD]["id"]
        of_child, of_info, of_record = (_take(ids, each.backups) for each in (children, infos, records))
        carrier_ids = _take(pa.concat_arrays([ids, child_ids]), carriers)
        levels = _take(pa.array(["backup", "child"]), [int(carrier >= len(ids)) for carrier in carriers])
        depth = pa.array([1] * len(child_ids), Type.INTEGER.arrow)
        given: list[tuple[Records, Columns]] = [
            (backups, self._loaded()),
            (children, {"backup_id": of_child, "carrier_id": of_child, "depth": depth}),
            (infos, {"backup_id": carrier_ids, "top_backup_id": of_info, "level": levels}),
            (records, {"backup_id": of_record, "top_backup_id": of_record}),
        ]
        return {rows.kind.table.name: self._table(rows, own[rows.kind] | columns) for rows, columns in given}

    def _loaded(self) -> Columns:
        """Return which lists each backup was sent with. The list pages never tell of children."""
        children, records = (
            [sent is not None for sent in self._backups.of(table.name)] for table in (CHILDREN, REPLICATION_RECORDS)
        )
        details = [sent and not self._decoder.items for sent in children]
        return {"detail_loaded": pa.array(details, pa.bool_()), "replication_loaded": pa.array(records, pa.bool_())}

    def _table(self, records: Records, columns: Columns) -> pa.Table:
        """Return the table of some records and their columns, with the unknown keys."""
        table = records.kind.table
        if "id" in table.key:
            self._refuse_repeats(records, columns["id"])
        if self._unknown.in_use(records.kind):
            ids: list[Any] = columns[table.key[-1]].to_pylist()
            columns[EXTRA.name] = self._extra(records, ids)
        return pa.table({column.name: columns[column.name] for column in table.columns if column.name in columns})

    def _columns(self, records: Records, kind: ObjectType, structs: Sequence[Any]) -> Columns:
        """Return the columns that objects carry, with those of the objects within them."""
        columns = columns_of(kind, structs)
        for column in kind.columns:
            if column.type is Type.JSON:
                columns[column.name] = self._json(records, map(attrgetter(column.name), structs))
            elif column.type is Type.TIMESTAMP:
                texts, columns[column.name] = columns[column.name], timestamps(columns[column.name])
                self._refuse(records, nulls_made(texts, columns[column.name]))
        for key, inner in kind.objects.items():
            columns |= self._columns(records, inner, [struct and getattr(struct, key) for struct in structs])
        for name, inner in kind.json_objects.items():
            columns |= self._json_columns(records, inner, map(attrgetter(name), structs))
        return columns

    def _json(self, records: Records, raws: Iterable[Any]) -> AnyArray:
        """Return a column of JSON."""
        texts: list[str | None] = [None] * len(records.structs)
        for row, raw in enumerate(raws):
            try:
                texts[row] = self._spelling.text(raw)
            except ValueError:
                self._refuse(records, [row])
        return pa.array(texts, pa.string())

    def _json_columns(self, records: Records, kind: ObjectType, raws: Iterable[Any]) -> Columns:
        """Return the columns that the objects in a column of JSON carry."""
        objects = self._decoder.decode_objects(kind, raws)
        self._refuse(records, (row for row, item in enumerate(objects) if item is None))
        if self._unknown.in_use(kind):
            for row in self._unknown.rows(kind, objects):
                self._unknown.count(kind, objects[row], records.structs[row].id)
        return self._columns(records, kind, objects)

    def _extra(self, records: Records, ids: Sequence[str]) -> AnyArray:
        """Return the column of unknown keys."""
        texts: list[str | None] = [None] * len(ids)
        for row in self._unknown.rows(records.kind, records.structs):
            try:
                texts[row] = self._unknown.text(
                    records.kind, records.structs[row], ids[row], partial(records.as_sent, row)
                )
            except ValueError:
                self._refuse(records, [row])
        return pa.array(texts, pa.string())

    def _refuse_repeats(self, records: Records, ids: AnyArray) -> None:
        """Refuse the backups that have one id, and those that hold two records with one."""
        if pc.count_distinct(ids).as_py() == len(ids):
            return
        keys = list(zip(repeat(0) if records.kind is BACKUP else records.backups, ids.to_pylist(), strict=False))
        counts = Counter(keys)
        self._refuse(records, (row for row, key in enumerate(keys) if counts[key] > 1))

    def _refuse(self, records: Records, rows: Iterable[int]) -> None:
        self.unfit.update(records.backups[row] for row in rows)


def _take(values: AnyArray, rows: Sequence[int]) -> AnyArray:
    return values.take(pa.array(rows, pa.int32()))
