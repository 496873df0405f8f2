"""The objects that a body is made of, and the keys each may have.

Belongs here: what the contract's paths say of the shape of a body. Does not belong here: how compiled code has it
(plan.py). The contract's tables enter; `Shapes` leaves.
"""

from dataclasses import dataclass, field

from pipelines.contract.columns import Table, Type
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS

# What is to be done with the value of a key that holds no object, and with one that does.
TEXT, WHOLE, FLAG, INSTANT, EMPTY_LIST, ONLY_NULL, INLINE, ROW, ROWS = range(9)
# Values of other types than these are rare enough to be read one by one.
_LEAF = {Type.STRING: TEXT, Type.INTEGER: WHOLE, Type.BOOLEAN: FLAG, Type.TIMESTAMP: INSTANT, Type.STRINGS: EMPTY_LIST}


@dataclass(frozen=True, slots=True)
class Key:
    """What is done with a key's value.

    `slot` is the place, in its row, of the column that it fills; `into` the object that it is or holds.
    """

    action: int
    slot: int = -1
    into: int = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of object: the rows of `table`, or an object within one that fills columns of the same row."""

    number: int
    table: Table
    slots: dict[str, int] = field(default_factory=dict)  # column -> slot, from 0; empty where it is within a row
    keys: dict[str, Key] = field(default_factory=dict)

    @property
    def identity(self) -> int:
        """The slot of the id that a row must have, or -1."""
        return self.slots.get("id", -1) if "id" in self.table.key else -1


class Shapes:
    """Every kind of object of a body. Children carry what backups do, but hold neither children nor records."""

    def __init__(self) -> None:
        """Lay them out."""
        self.all: list[Shape] = []
        self.backup = self._row(BACKUPS)
        self.backup_info = self._row(EXTEND_INFO)
        self.record = self._row(REPLICATION_RECORDS)
        self.child = self._row(CHILDREN)
        self.child_info = self._row(EXTEND_INFO)
        for carrier, info in ((self.backup, self.backup_info), (self.child, self.child_info)):
            carrier.keys[EXTEND_INFO.name] = Key(ROW, into=info.number)
        for table, held in ((CHILDREN, self.child), (REPLICATION_RECORDS, self.record)):
            self.backup.keys[table.name] = Key(ROWS, into=held.number)
            self.child.keys[table.name] = Key(EMPTY_LIST)

    def _row(self, table: Table) -> Shape:
        """Add the object that is a row of `table`, and those within it."""
        row = self._add(table)
        read = [column for column in table.columns if column.path]
        row.slots.update({column.name: slot for slot, column in enumerate(read)})
        at: dict[tuple[str, ...], Shape] = {(): row}
        own = {column.path: row.slots[column.name] for column in read}
        for column in read:
            for path in (column.path[:depth] for depth in range(1, len(column.path))):
                if path not in at:
                    at[path] = self._add(table)
                    is_json = any(c.path == path and c.type is Type.JSON for c in read)
                    at[path[:-1]].keys[path[-1]] = Key(INLINE, own[path] if is_json else -1, at[path].number)
        for column in read:
            if column.path not in at:
                action = _LEAF.get(column.type, ONLY_NULL)
                at[column.path[:-1]].keys[column.path[-1]] = Key(action, row.slots[column.name])
        return row

    def _add(self, table: Table) -> Shape:
        self.all.append(Shape(len(self.all), table))
        return self.all[-1]
