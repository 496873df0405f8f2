"""Backups as Structs -> the four tables, but for the columns that all rows of a snapshot share."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, repeat
from typing import Any

import pyarrow as pa

from pipelines.contract.columns import Type
from pipelines.contract.keys import EXTRA
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS
from pipelines.normalize.columns import AnyArray, Values, array, attributes, nulls_made
from pipelines.normalize.decode import BodyDecoder
from pipelines.normalize.structs import BACKUP, CHILD, INFO, RECORD, ObjectType
from pipelines.normalize.unknown import Spelling, UnknownKeys

_LISTS = (CHILDREN.name, REPLICATION_RECORDS.name)


@dataclass(frozen=True)
class Records:
    """The records of one table that some backups hold."""

    kind: ObjectType
    structs: Sequence[Any]
    backups: Sequence[int]  # row -> the backup that holds it
    as_sent: Callable[[int], Any]  # row -> plain Python values

    @cached_property
    def values(self) -> Values:
        """The values of each attribute."""
        return attributes(self.structs)

    @property
    def ids(self) -> Sequence[str]:
        """Their own ids."""
        return self.values.get("id", ())

    def held(self, kind: ObjectType) -> "Records":
        """Return the records of another table that stand in lists of these, which are backups."""
        name = kind.table.name
        lists = [records or () for records in self.values.get(name, ())]
        backups = list(chain.from_iterable(map(repeat, self.backups, map(len, lists))))
        return Records(
            kind,
            list(chain.from_iterable(lists)),
            backups,
            lambda row: self.as_sent(backups[row])[name][row - bisect_left(backups, backups[row])],
        )


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
        backups, children, records = self._backups, self._backups.held(CHILD), self._backups.held(RECORD)
        infos, carriers = _infos(backups, children)
        ids, child_ids = (pa.array(each.ids, pa.string()) for each in (backups, children))
        of_child, of_info, of_record = (_take(ids, each.backups) for each in (children, infos, records))
        lists = {name: [held is not None for held in backups.values.get(name, ())] for name in _LISTS}
        loaded = {
            # The list says nothing of children, even where it has a list of them.
            "detail_loaded": pa.array([sent and not self._decoder.items for sent in lists[CHILDREN.name]], pa.bool_()),
            "replication_loaded": pa.array(lists[REPLICATION_RECORDS.name], pa.bool_()),
        }
        depth = pa.repeat(pa.scalar(1, Type.WHOLE.arrow), len(child_ids))
        levels = _take(pa.array(["backup", "child"]), [int(carrier >= len(ids)) for carrier in carriers])
        carrier_ids = _take(pa.concat_arrays([ids, child_ids]), carriers)
        return {
            BACKUPS.name: self._table(backups, loaded),
            CHILDREN.name: self._table(children, {"backup_id": of_child, "carrier_id": of_child, "depth": depth}),
            EXTEND_INFO.name: self._table(infos, {"backup_id": carrier_ids, "top_backup_id": of_info, "level": levels}),
            REPLICATION_RECORDS.name: self._table(records, {"backup_id": of_record, "top_backup_id": of_record}),
        }

    def _table(self, records: Records, placed: dict[str, AnyArray]) -> pa.Table:
        """Return the table of `records`: the columns that are `placed`, and those that they carry."""
        if "id" in records.kind.table.key:
            self._refuse_repeats(records)
        id_column = "id" if "id" in records.kind.table.key else "backup_id"
        columns = placed | self._columns(records, records.kind, records.values)
        if self._unknown.in_use(records.kind):
            columns[EXTRA.name] = self._extra(records, columns[id_column].to_pylist())
        return pa.table({c.name: columns[c.name] for c in records.kind.table.columns if c.name in columns})

    def _columns(self, records: Records, kind: ObjectType, values: Values) -> dict[str, AnyArray]:
        """Return the columns that an object carries, with those of the objects within it."""
        columns = {}
        for column in kind.columns:
            held = values.get(column.name, ())
            if column.type is Type.JSON:
                texts = self._spelling.column(held)
                columns[column.name] = pa.array(texts, pa.string())
            else:
                columns[column.name] = array(column.type, held)
            if column.type is Type.INSTANT and columns[column.name].null_count > held.count(None):
                self._refuse(records, nulls_made(held, columns[column.name]))
        for key, inner in kind.objects.items():
            empty = self._decoder.structs.empty[inner]
            objects = attributes([item or empty for item in values.get(key, ())])
            columns |= self._columns(records, inner, objects)
        for name, inner in kind.json_objects.items():
            columns |= self._json_columns(records, inner, values.get(name, ()))
        return columns

    def _json_columns(self, records: Records, kind: ObjectType, raws: Sequence[Any]) -> dict[str, AnyArray]:
        """Return the columns within a column of JSON."""
        empty = self._decoder.structs.empty[kind]
        objects = self._decoder.decode_objects(kind, raws)
        self._refuse(records, (row for row, item in enumerate(objects) if item is None))
        if self._unknown.in_use(kind):
            for item, record_id in zip(objects, records.ids, strict=True):
                self._unknown.count(kind, item or empty, record_id)
        return self._columns(records, kind, attributes([item or empty for item in objects]))

    def _extra(self, records: Records, ids: Sequence[str]) -> AnyArray:
        """Return the column of unknown keys."""
        texts: list[str | None] = [None] * len(ids)
        for row in self._unknown.rows(records.kind, records.structs):
            try:
                texts[row] = self._unknown.extra(
                    records.kind, records.structs[row], ids[row], partial(records.as_sent, row)
                )
            except ValueError:
                self._refuse(records, [row])
        return pa.array(texts, pa.string())

    def _refuse_repeats(self, records: Records) -> None:
        """Refuse backups that hold an id twice, or have one id."""
        if len(set(records.ids)) == len(records.ids):
            return
        owners = repeat(None) if records.kind is BACKUP else records.backups
        keys = list(zip(owners, records.ids, strict=False))
        counts = Counter(keys)
        self._refuse(records, (row for row, key in enumerate(keys) if counts[key] > 1))

    def _refuse(self, records: Records, rows: Iterable[int]) -> None:
        self.unfit.update(records.backups[row] for row in rows)


def _infos(backups: Records, children: Records) -> tuple[Records, Sequence[int]]:
    """Return the extend_info of backups and children, and which of both, one after the other, carry it."""
    carried = [info for each in (backups, children) for info in each.values.get(EXTEND_INFO.name, ())]
    carriers = [row for row, info in enumerate(carried) if info is not None]
    owners = [*backups.backups, *children.backups]
    first_child = len(backups.structs)

    def as_sent(row: int) -> Any:
        carrier = carriers[row]
        holder = backups.as_sent(carrier) if carrier < first_child else children.as_sent(carrier - first_child)
        return holder[EXTEND_INFO.name]

    return Records(INFO, [carried[row] for row in carriers], [owners[row] for row in carriers], as_sent), carriers


def _take(values: AnyArray, rows: Sequence[int]) -> AnyArray:
    return values.take(pa.array(rows, pa.int32()))
