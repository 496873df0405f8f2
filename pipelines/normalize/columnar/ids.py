"""The ids that were loaded: exact, and small enough for millions of them.

Belongs here: a set of short texts in three arrays, 36 bytes of an id and 8 to 16 of the table each. A Python set
of the same takes four times that.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipelines.normalize.columnar.compiled import compiled, inlined, u
from pipelines.normalize.columnar.found import Bytes, Flags, Ints, Sizes


@dataclass(frozen=True, slots=True)
class Ids:
    """Where some ids stand in a block."""

    buf: Bytes
    at: Ints
    size: Sizes

    def __getitem__(self, which: Flags) -> "Ids":
        return Ids(self.buf, self.at[which], self.size[which])

    def text(self, number: int) -> str:
        """Return one of them."""
        return self.buf[self.at[number] :][: self.size[number]].tobytes().decode()


class IdSet:
    """A set of ids that only grows."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        """Begin with `ids`."""
        self._heap = np.empty(1 << 12, np.uint8)
        self._offsets = np.zeros(1 << 7, np.int64)  # id -> where its text begins; one more than there are
        self._table = np.full(1 << 8, -1, np.int32)
        self._count = 0
        for one in ids:
            self.add(one)

    def __contains__(self, one: object) -> bool:
        return isinstance(one, str) and bool(self.find(_ids(one))[0])

    def add(self, one: str) -> None:
        """Add an id."""
        self.add_all(_ids(one))

    def find(self, ids: Ids) -> Flags:
        """Tell of each id whether it is known."""
        known = np.zeros(len(ids.at), np.bool_)
        _find(self._table, self._heap, self._offsets, ids.buf, ids.at, ids.size, known)
        return known

    def add_all(self, ids: Ids) -> Flags:
        """Add ids; tell of each whether it was known, be it from earlier among them."""
        self._make_room(len(ids.at), int(ids.size.sum()))
        known = np.zeros(len(ids.at), np.bool_)
        self._count = _add(self._table, self._heap, self._offsets, self._count, ids.buf, ids.at, ids.size, known)
        return known

    def _make_room(self, ids: int, used: int) -> None:
        begin = int(self._offsets[self._count])
        if begin + used > len(self._heap):
            self._heap = np.concatenate([self._heap[:begin], np.empty(begin // 2 + used, np.uint8)])
        if self._count + ids >= len(self._offsets):
            self._offsets = np.concatenate(
                [self._offsets[: self._count + 1], np.zeros(self._count // 2 + ids + 1, np.int64)]
            )
        if 2 * (self._count + ids) > len(self._table):
            cells = 1 << int(4 * (self._count + ids) - 1).bit_length()
            self._table = np.full(cells, -1, np.int32)
            _fill(self._table, self._heap, self._offsets, self._count)


def _ids(one: str) -> Ids:
    text = one.encode()
    return Ids(np.frombuffer(text, np.uint8), np.zeros(1, np.int64), np.array([len(text)], np.int32))


@inlined
def _hashed(buf, p, n):
    """Return a hash of the `n` bytes at `p` (FNV-1a, folded)."""
    value = 0x4BF29CE484222325
    for i in range(n):
        value = (value ^ buf[u(p + i)]) * 0x100000001B3
    return value ^ value >> 29


@inlined
def _cell(table, heap, offsets, buf, p, n):
    """Return the cell in which the text stands, or would."""
    mask = len(table) - 1
    cell = _hashed(buf, p, n) & mask
    while table[u(cell)] >= 0:
        begin = offsets[u(table[u(cell)])]
        if offsets[u(table[u(cell)] + 1)] - begin == n:
            i = 0
            while i < n and heap[u(begin + i)] == buf[u(p + i)]:
                i += 1
            if i == n:
                break
        cell = (cell + 1) & mask
    return cell


@compiled
def _find(table, heap, offsets, buf, at, size, known):
    for i in range(len(at)):
        known[i] = table[_cell(table, heap, offsets, buf, at[i], size[i])] >= 0


@compiled
def _add(table, heap, offsets, count, buf, at, size, known):
    for i in range(len(at)):
        p, n = at[i], size[i]
        cell = _cell(table, heap, offsets, buf, p, n)
        if table[u(cell)] >= 0:
            known[i] = True
            continue
        begin = offsets[u(count)]
        for k in range(n):
            heap[u(begin + k)] = buf[u(p + k)]
        table[u(cell)] = count
        count += 1
        offsets[u(count)] = begin + n
    return count


@compiled
def _fill(table, heap, offsets, count):
    for i in range(count):
        begin = offsets[u(i)]
        table[_cell(table, heap, offsets, heap, begin, offsets[u(i + 1)] - begin)] = i
