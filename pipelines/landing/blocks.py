"""A stretch of landed lines: how bytes go from the landing to the normalizer.

Belongs here: cutting a stream into whole lines, and where they came from. Does not belong here: what is in them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PADDING = 64  # line breaks behind the lines, so that a scan may look ahead of where it is
SIZE = 5 << 20  # bytes of a block, unless one line is longer


_REUSED = re.compile(r"[a-z]+-(\d{8}T\d{6}Z)-")


def reading_of(part: str, snapshot_id: str) -> str:
    """Return the id of the snapshot in which the bodies of a part were read: an earlier one where they are reused."""
    reused = _REUSED.match(part)
    return reused[1] if reused else snapshot_id


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one landing part. `numbers` are the places of those lines in the part, from 1."""

    part: str
    numbers: range | list[int]
    buf: NDArray[np.uint8]
    stop: int  # bytes of the lines; PADDING line breaks follow

    def source(self, line: int) -> str:
        """Return where a line stands, in words: the line of this block, from 0."""
        return f"{self.part}:{self.numbers[line]}"

    def lines(self) -> Iterator[bytes]:
        """Yield the lines."""
        return iter(self.buf[: self.stop].tobytes().split(b"\n")[:-1])

    @classmethod
    def of(cls, part: str, lines: Iterable[bytes], numbers: list[int] | None = None) -> "Block":
        """Return the block of some lines."""
        held = list(lines)
        joined = b"".join(line + b"\n" for line in held)
        buf = np.frombuffer(joined + b"\n" * PADDING, np.uint8)
        return cls(part, range(1, len(held) + 1) if numbers is None else numbers, buf, len(joined))


def blocks_of(part: str, read: Callable[[memoryview], int]) -> Iterator[Block]:
    """Cut a stream into blocks. `read` fills what it is given, or less, and returns how much; 0 is the end."""
    rest, size, number, ended = np.empty(0, np.uint8), SIZE, 1, False
    while not ended:
        buf = np.empty(size + PADDING, np.uint8)
        filled = len(rest)
        buf[:filled] = rest
        while filled < size and not ended:
            got = read(buf.data[filled:size])
            filled, ended = filled + got, got == 0
        if ended and filled and buf[filled - 1] != ord("\n"):
            buf[filled] = ord("\n")
            filled += 1
        stop = _behind_last_line(buf, filled)
        if not stop:
            rest, size = buf[:filled], 2 * size
            continue
        rest = buf[stop:filled].copy()
        size = max(SIZE, 2 * len(rest))
        buf[stop : stop + PADDING] = ord("\n")
        lines = int(np.count_nonzero(buf[:stop] == ord("\n")))
        yield Block(part, range(number, number + lines), buf, stop)
        number += lines


def _behind_last_line(buf: NDArray[np.uint8], filled: int) -> int:
    """Return the place behind the last line break, 0 where there is none."""
    width = 1 << 14
    while True:
        begin = max(0, filled - width)
        found = buf[begin:filled].tobytes().rfind(b"\n")
        if found >= 0 or not begin:
            return begin + found + 1
        width *= 8
