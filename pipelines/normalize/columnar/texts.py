"""The texts of one object's rows, copied out of the block in one pass: row by row, as they stand there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.normalize.columnar.compiled import compiled, inlined, u
from pipelines.normalize.columnar.found import Bytes, Ints, Sizes
from pipelines.normalize.columnar.scan import NULL
from pipelines.normalize.columnar.values import unescape

if TYPE_CHECKING:
    AnyArray = pa.Array[Any]
else:
    AnyArray = pa.Array


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of some slots: each slot has its own part of `heap`."""

    offsets: NDArray[np.int32]  # slot, row -> as Arrow has them; one more than there are rows
    begins: Ints  # slot -> where its part of the heap begins
    heap: pa.Buffer

    def column(self, slot: int, bitmap: pa.Buffer | None = None) -> AnyArray:
        """Return the texts of a slot."""
        offsets, begin = self.offsets[slot], int(self.begins[slot])
        part = self.heap.slice(begin, int(offsets[-1]))
        return pa.Array.from_buffers(pa.string(), len(offsets) - 1, [bitmap, buffer(offsets), part])


def texts_of(buf: Bytes, at: Ints, size: Sizes, slots: Ints) -> Texts:
    """Return the texts that stand at `at` (row, slot), of those `slots` that hold any."""
    offsets = np.empty((at.shape[1], at.shape[0] + 1), np.int32)
    begins = np.zeros(at.shape[1], np.int64)
    heap = np.empty(_measure(size, slots, offsets, begins), np.uint8)
    _copy(buf, at, size, slots, offsets, begins, heap)
    return Texts(offsets, begins, buffer(heap))


def buffer(array: NDArray[np.generic]) -> pa.Buffer:
    """Return the bytes of an array, not copied."""
    return pa.py_buffer(array.data)


def flags(values: NDArray[np.bool_]) -> AnyArray:
    """Return booleans, none of them null, as an Arrow array."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, buffer(np.packbits(values, bitorder="little"))])


@compiled
def _measure(size, slots, offsets, begins):
    """Fill `offsets` and `begins`; return the bytes of all texts."""
    rows = size.shape[0]
    for slot in slots:
        offsets[slot, 0] = 0
    for row in range(rows):
        for slot in slots:
            n = size[row, slot]
            offsets[slot, row + 1] = offsets[slot, row] + (0 if n == NULL else n if n >= 0 else ~n)
    total = 0
    for slot in slots:
        begins[slot] = total
        total += offsets[slot, rows]
    return total


@compiled
def _copy(buf, at, size, slots, offsets, begins, heap):
    """Fill the heap, escapes undone."""
    for row in range(size.shape[0]):
        for slot in slots:
            n = size[row, slot]
            if n == NULL:
                continue
            p, q = at[row, slot], begins[slot] + offsets[slot, row]
            if n < 0:
                unescape(buf, p, heap, q, ~n)
                continue
            k = 0
            while k + 8 <= n:
                _eight(buf, p + k, heap, q + k)
                k += 8
            if n >= 8:
                _eight(buf, p + n - 8, heap, q + n - 8)
            else:
                while k < n:
                    heap[u(q + k)] = buf[u(p + k)]
                    k += 1


@inlined
def _eight(buf, p, heap, q):
    """Copy eight bytes, all read before any is written: the compiler makes two instructions of it."""
    a, b, c, d = buf[u(p)], buf[u(p + 1)], buf[u(p + 2)], buf[u(p + 3)]
    e, f, g, h = buf[u(p + 4)], buf[u(p + 5)], buf[u(p + 6)], buf[u(p + 7)]
    heap[u(q)], heap[u(q + 1)], heap[u(q + 2)], heap[u(q + 3)] = a, b, c, d
    heap[u(q + 4)], heap[u(q + 5)], heap[u(q + 6)], heap[u(q + 7)] = e, f, g, h
