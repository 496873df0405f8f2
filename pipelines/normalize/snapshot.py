"""The blocks of one landed snapshot -> Arrow tables, a batch a block.

A line that fits the contract is read by columns (block_reader.py), any other value by value (row_reader.py). What
depends on the blocks before is decided here, in their order: which of two backups with one id is loaded. Memory holds a
few blocks and the ids loaded, never a whole snapshot.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import pyarrow as pa

from pipelines.contract.tables import BACKUPS, NORMALIZED
from pipelines.landing.blocks import Block, lines_of
from pipelines.landing.wire import id_of
from pipelines.normalize.batch import Batch, with_constants
from pipelines.normalize.block_reader import BlockTables, read_lines
from pipelines.normalize.drift import Drift
from pipelines.normalize.items import items_of, read_items
from pipelines.normalize.processes import WORTH_PROCESSES, BlockReaders, cores
from pipelines.normalize.row_reader import RowReader

ENOUGH_ROWS = 5_000  # of the row reader, to be a batch of their own


class Normalizer:
    """Normalizes one snapshot. Iterate `batches()` to its end, then read `drift()`."""

    def __init__(
        self,
        scope: str,
        snapshot_id: str,
        shows: Callable[[], Iterable[Block]],
        pages: Callable[[], Iterable[Block]],
        vanished_ids: Iterable[str] = (),
        *,
        processes: int | None = None,
        worth_processes: int = WORTH_PROCESSES,
    ) -> None:
        """`shows` and `pages` read the landed blocks, as often as they are called.

        `vanished_ids` disappeared between list and details, so they are not loaded. Details of more than
        `worth_processes` bytes are read by several `processes`, by default one per core.
        """
        self._shows, self._pages = shows, pages
        self._rows = RowReader({"scope": scope, "snapshot_id": snapshot_id}, vanished_ids, pages)
        self._processes = cores() if processes is None else processes
        self._worth_processes = worth_processes

    def batches(self) -> Iterator[Batch]:
        """Yield the tables: details first, then what only the list has."""
        with closing(BlockReaders(self._processes, self._worth_processes)) as readers:
            reading: deque[tuple[Block, Future[BlockTables]]] = deque()
            for block in self._shows():
                reading.append((block, readers.submit(block.data)))
                if len(reading) > self._processes:
                    yield from self._details(*reading.popleft())
            while reading:
                yield from self._details(*reading.popleft())
        for block in self._pages():
            yield from self._listed(block)
        yield self._rows.take_batch()

    def drift(self, of_inputs: Drift | None = None) -> pa.Table:
        """Return the differences from the contract, one row per kind, with those of the other inputs."""
        self._rows.drift.update(of_inputs or ())
        return self._rows.drift_table()

    def _details(self, block: Block, reading: "Future[BlockTables]") -> Iterator[Batch]:
        """Yield the rows of a block of details."""
        read = reading.result()
        unfit = self._parse_lines(block, read.unfit)
        if repeated := self._repeated(read, unfit.values()):
            read = read_lines(block.data, skip={*unfit, *repeated})
            unfit |= self._parse_lines(block, set(read.unfit) - set(unfit))
        for line in sorted(unfit):
            self._rows.read_backup(block.source(line), unfit[line])
        yield from self._batches(read, {"detail_read_at": self._rows.read_at(block.part)})

    def _repeated(self, read: BlockTables, unfit: Collection[Any]) -> list[int]:
        """Return the lines that have to be read with others, by the row reader.

        Their ids occur elsewhere, so that the order decides; or they say nothing of replication where the list does.
        """
        ids = _ids(read)
        sent: list[Any] = read.tables[BACKUPS.name].column("replication_loaded").to_pylist()
        elsewhere = self._rows.loaded_ids.intersection(ids) | {id_of(backup) for backup in unfit}.intersection(ids)
        if all(sent) and not elsewhere:
            return []
        unfit_lines = set(read.unfit)
        lines = (line for line in range(len(ids) + len(unfit_lines)) if line not in unfit_lines)
        return [
            line
            for line, identity, records_sent in zip(lines, ids, sent, strict=True)
            if identity in elsewhere or not (records_sent or self._rows.listed_records(identity) is None)
        ]

    def _parse_lines(self, block: Block, numbers: Iterable[int]) -> dict[int, Any]:
        """Return the backups that some lines hold, parsed, by line."""
        wanted = set(numbers)
        lines = ((number, bytes(line)) for number, line in enumerate(lines_of(block.data)) if number in wanted)
        return {number: self._rows.parse_line(block.source(number), line) for number, line in lines}

    def _listed(self, block: Block) -> Iterator[Batch]:
        """Yield the rows of the backups that only the list has."""
        loaded = self._rows.loaded_ids, self._rows.vanished_ids
        try:
            items = items_of(block)
            read, unfit = read_items(items, lambda identity: not any(identity in ids for ids in loaded))
        except ValueError:
            self._rows.read_pages(block)
            return
        for number in read.unfit:
            self._rows.read_item(items[number].source, items[number].position, unfit[number])
        yield from self._batches(read, {})

    def _batches(self, read: BlockTables, constants: dict[str, object]) -> Iterator[Batch]:
        """Yield what was read by columns, and what the row reader has where that is enough."""
        self._rows.loaded_ids.update(_ids(read))
        self._rows.drift.update(read.drift)
        shared = {"rejected_parts": 0, **self._rows.constants, **constants}
        tables = {table.name: with_constants(table, read.tables[table.name], shared) for table in NORMALIZED}
        yield Batch(tables, Counter({name: table.num_rows for name, table in tables.items()}))
        if self._rows.pending_rows >= ENOUGH_ROWS:
            yield self._rows.take_batch()


def _ids(read: BlockTables) -> list[str]:
    ids: Any = read.tables[BACKUPS.name].column("id").to_pylist()
    return list(ids)
