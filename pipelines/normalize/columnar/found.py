"""What a scan finds in a block: for each row of each object, where its values stand.

Belongs here: the arrays that a scan fills, and how large they are. Bytes enter; `Found` leaves.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.landing.blocks import Block
from pipelines.normalize.columnar.keys import WIDTH
from pipelines.normalize.columnar.plan import plan
from pipelines.normalize.columnar.scan import DEPTH, FIELDS, scan_items, scan_lines
from pipelines.normalize.columnar.shapes import Shape

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Sizes = NDArray[np.int32]
Flags = NDArray[np.bool_]
_DISKS = 4  # rows that a line is given room for at first; where one has more, its block is scanned again
_scratch = threading.local()  # arrays are used again: fresh ones are cleared by the system, page by page


@dataclass(frozen=True, slots=True)
class Found:
    """Where values stand in `buf`, for the lines that fit. Good until the same thread scans again."""

    buf: Bytes
    at: Ints  # cell -> place of the text, or the value itself
    size: Sizes  # cell -> bytes of the text (see values.text), or NULL
    carrier: NDArray[np.int32]  # object, row -> row of the object that carries it
    rows: Ints  # object -> its rows
    bases: Ints  # object -> its first cell
    begins: Ints  # line -> where it begins
    ends: Ints
    seen: Ints  # line -> the keys of its backup, as bits; 0: it does not fit

    @property
    def fits(self) -> Flags:
        """Line -> whether it fits; those that do have one row of the backup each, in their order."""
        flags: Flags = self.seen != 0
        return flags

    def cells(self, shape: Shape) -> tuple[Ints, Sizes]:
        """Return `at` and `size` of an object, by row and slot."""
        rows, width = int(self.rows[shape.number]), len(shape.slots)
        first = int(self.bases[shape.number])
        return (
            self.at[first : first + rows * width].reshape(rows, width),
            self.size[first : first + rows * width].reshape(rows, width),
        )


def find_lines(block: Block, barred: Flags | None = None) -> Found:
    """Scan the lines of a block, answers of ShowBackup; those `barred` do not fit."""
    lines = len(block.numbers)
    begins, ends = np.empty(lines, np.int64), np.empty(lines, np.int64)
    bars = np.zeros(lines, np.bool_) if barred is None else barred
    return _find(block.buf, begins, ends, _DISKS, lambda *more: scan_lines(block.buf, bars, *more))


def find_items(buf: Bytes, begins: Ints, ends: Ints) -> Found:
    """Scan the backups that stand at `begins` to `ends`: items of list pages."""
    return _find(buf, begins, ends, 1, lambda *more: scan_items(buf, *more))


def _find(buf: Bytes, begins: Ints, ends: Ints, rows_a_line: int, scan: Callable[..., int]) -> Found:
    shapes = plan().shapes
    room = max(getattr(_scratch, "room", 0), min(rows_a_line * len(begins), len(buf) // 128) + 64)
    while True:
        if room > getattr(_scratch, "room", 0):
            cells = room * int(shapes[:, WIDTH].sum())
            _scratch.room = room
            _scratch.arrays = (
                np.empty(cells, np.int64),
                np.empty(cells, np.int32),
                np.empty((len(shapes), room), np.int32),
            )
        bases = (np.cumsum(shapes[:, WIDTH]) - shapes[:, WIDTH]) * room
        rows, seen = np.zeros(len(shapes), np.int64), np.zeros(len(begins), np.int64)
        stack, before = np.zeros((DEPTH, FIELDS), np.int64), np.zeros(len(shapes), np.int64)
        at, size, carrier = _scratch.arrays
        scanned = scan(*plan(), at, size, carrier, rows, bases, room, begins, ends, seen, stack, before)
        if scanned == len(begins):
            return Found(buf, at, size, carrier, rows, bases, begins, ends, seen)
        room *= 2
