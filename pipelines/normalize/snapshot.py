"""The blocks of one landed snapshot -> Arrow tables, piece by piece.

Belongs here: the order of it all, and which of two ways a block goes: by columns, where the lines that do not fit
are taken one by one; or all one by one, where it is too small to be worth waking the compiler for. Blocks enter; a
`Piece` leaves for each. Memory holds a few blocks and the ids seen, never a whole snapshot.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines.landing.blocks import Block
from pipelines.normalize.piece import Piece
from pipelines.normalize.tolerant.bodies import Bodies

if TYPE_CHECKING:
    from pipelines.normalize.columnar.settle import Columnar

WORTH_COLUMNS = 3 << 20  # bytes of a block; one by one that is a fifth of a second
_CORES = os.cpu_count() or 1
# The system's allocator gives back what Arrow's own keeps for later: 40 MB less at the peak, and no slower.
pa.set_memory_pool(pa.system_memory_pool())


class Normalizer:
    """Normalizes one snapshot. Iterate `pieces()` to its end, then read `drift()`."""

    def __init__(
        self,
        scope: str,
        snapshot_id: str,
        shows: Callable[[], Iterable[Block]],
        pages: Callable[[], Iterable[Block]],
        gone: Iterable[str] = (),
        *,
        worth_columns: int = WORTH_COLUMNS,
    ) -> None:
        """`shows` and `pages` read the landed blocks, as often as they are called.

        `gone` are ids that vanished between list and details: known not to be there, so not loaded. Blocks are read by
        columns from the first one of `worth_columns` bytes and more.
        """
        self._shows, self._pages = shows, pages
        self._bodies = Bodies({"scope": scope, "snapshot_id": snapshot_id}, gone, pages)
        self._worth_columns = worth_columns

    def pieces(self) -> Iterator[Piece]:
        """Yield the tables: details first, then what only the list has."""
        with ThreadPoolExecutor(_CORES) as pool:
            for block, read in self._ahead(pool, self._shows(), "read_shows"):
                yield self._columnar.settle_shows(block, read) if read else self._bodies.take_shows(block)
            for block, read in self._ahead(pool, self._pages(), "read_items"):
                yield self._columnar.settle_items(block, read) if read else self._bodies.take_pages(block)

    def drift(self) -> pa.Table:
        """Return what differed from the contract, one row a way."""
        return self._bodies.drift()

    @cached_property
    def _columnar(self) -> "Columnar":
        from pipelines.normalize.columnar.settle import Columnar

        return Columnar(self._bodies)

    def _ahead(self, pool: ThreadPoolExecutor, blocks: Iterable[Block], step: str) -> Iterator[tuple[Block, Any]]:
        """Yield each block in its order, with what a columnar step made of it; a few are read ahead, side by side."""
        waiting: deque[tuple[Block, Future[Any] | None]] = deque()
        for block in blocks:
            awake = block.stop >= self._worth_columns or "_columnar" in vars(self)
            waiting.append((block, pool.submit(getattr(self._columnar, step), block) if awake else None))
            if len(waiting) >= _CORES:
                yield _settled(*waiting.popleft())
        yield from (_settled(*one) for one in waiting)


def _settled(block: Block, reading: "Future[Any] | None") -> tuple[Block, Any]:
    return block, reading.result() if reading else None
