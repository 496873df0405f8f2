"""The records of each table, taken out of the backups that hold them."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

from pipelines.contract.tables import EXTEND_INFO
from pipelines.normalize.structs import INFO, ObjectType


@dataclass(frozen=True)
class Records:
    """The records of one table that some backups hold, as Structs."""

    kind: ObjectType
    structs: Sequence[Any]
    backups: Sequence[int]  # row -> the backup that holds it
    as_sent: Callable[[int], Any]  # row -> plain Python values

    def of(self, attribute: str) -> list[Any]:
        """Return the values of one attribute."""
        return list(map(attrgetter(attribute), self.structs))

    def lists_of(self, kind: ObjectType) -> "Records":
        """Return the records of another table that stand in lists of these backups."""
        name = kind.table.name
        lists = [records or () for records in self.of(name)]
        backups = list(chain.from_iterable(map(repeat, self.backups, map(len, lists))))

        def as_sent(row: int) -> Any:
            return self.as_sent(backups[row])[name][row - bisect_left(backups, backups[row])]

        return Records(kind, list(chain.from_iterable(lists)), backups, as_sent)


def infos_of(backups: Records, children: Records) -> tuple[Records, Sequence[int]]:
    """Return the extend_info of backups and children, and which of both carry it: of children after all backups."""
    infos = [*backups.of(EXTEND_INFO.name), *children.of(EXTEND_INFO.name)]
    carriers = [row for row, info in enumerate(infos) if info is not None]
    holders = [*backups.backups, *children.backups]
    first_child = len(backups.structs)

    def as_sent(row: int) -> Any:
        carrier = carriers[row]
        sent = backups.as_sent(carrier) if carrier < first_child else children.as_sent(carrier - first_child)
        return sent[EXTEND_INFO.name]

    return Records(INFO, [infos[row] for row in carriers], [holders[row] for row in carriers], as_sent), carriers
