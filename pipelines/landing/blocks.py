"""A stretch of landed lines: how bytes go from the landing to the normalizer.

Says where lines came from, not what is in them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

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
    data: bytes | bytearray  # each line ends with a line break

    def source(self, line: int) -> str:
        """Return where a line stands, in words: the line of this block, from 0."""
        return f"{self.part}:{self.numbers[line]}"

    def lines(self) -> Iterator[bytes]:
        """Yield the lines."""
        return map(bytes, lines_of(self.data))

    @classmethod
    def of(cls, part: str, lines: Iterable[bytes], numbers: list[int] | None = None) -> "Block":
        """Return the block of some lines."""
        held = list(lines)
        data = b"".join(line + b"\n" for line in held)
        return cls(part, range(1, len(held) + 1) if numbers is None else numbers, data)


def lines_of(data: bytes | bytearray) -> Iterator[memoryview]:
    """Yield the lines of a block's data; they are not copied."""
    view, begin = memoryview(data), 0
    while (end := data.find(b"\n", begin)) >= 0:
        yield view[begin:end]
        begin = end + 1


def blocks_of(part: str, read: Callable[[memoryview], int]) -> Iterator[Block]:
    """Cut a stream into blocks. `read` fills what it is given, or less, and returns how much; 0 is the end."""
    rest, size, number, ended = b"", SIZE, 1, False
    while not ended:
        buffer = bytearray(size)
        buffer[: len(rest)] = rest
        filled, view = len(rest), memoryview(buffer)
        while filled < size and not ended:
            got = read(view[filled:])
            filled, ended = filled + got, got == 0
        view.release()
        del buffer[filled:]
        if ended and not buffer.endswith(b"\n") and buffer:
            buffer += b"\n"
        stop = buffer.rfind(b"\n") + 1
        rest = bytes(buffer[stop:])
        size = max(SIZE, 2 * len(rest))
        if stop:
            del buffer[stop:]
            lines = buffer.count(b"\n")
            yield Block(part, range(number, number + lines), buffer)
            number += lines
