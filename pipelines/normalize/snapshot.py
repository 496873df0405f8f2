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

import msgspec
import pyarrow as pa

from pipelines.block import Block
from pipelines.contract.tables import BACKUPS, NORMALIZED
from pipelines.normalize.batch import Batch, with_constants
from pipelines.normalize.block_reader import BlockTables, build_tables, read_lines
from pipelines.normalize.decode import BodyDecoder
from pipelines.normalize.processes import WORTH_PROCESSES, BlockReaders, cores
from pipelines.normalize.row_reader import RowReader
from pipelines.normalize.structs import page_decoder
from pipelines.strict_json import id_of, parse


class Normalizer:
    """Normalizes one snapshot. Iterate `batches()` to its end, then read `drift()`."""

    def __init__(
        self,
        scope: str,
        snapshot_id: str,
        shows: Callable[[], Iterable[Block]],
        pages: Callable[[], Iterable[Block]],
        gone: Iterable[str] = (),
        *,
        processes: int | None = None,
        worth_processes: int = WORTH_PROCESSES,
    ) -> None:
        """`shows` and `pages` read the landed blocks, as often as they are called.

        `gone` are ids that vanished between list and details: known not to be there, so not loaded. `processes`, as
        many as there are cores, read the details where these have more than `worth_processes` bytes.
        """
        self._shows, self._pages = shows, pages
        self._rows = RowReader({"scope": scope, "snapshot_id": snapshot_id}, gone, pages)
        self._processes = cores() if processes is None else processes
        self._worth_processes = worth_processes

    def batches(self) -> Iterator[Batch]:
        """Yield the tables: details first, then what only the list has."""
        with closing(BlockReaders(self._processes, self._worth_processes)) as readers:
            waiting: deque[tuple[Block, Future[BlockTables]]] = deque()
            for block in self._shows():
                waiting.append((block, readers.submit(block.data)))
                if len(waiting) > self._processes:
                    yield self._details(*_next(waiting))
            while waiting:
                yield self._details(*_next(waiting))
        for block in self._pages():
            yield self._listed(block)

    def drift(self) -> pa.Table:
        """Return what differed from the contract, one row a way."""
        return self._rows.drift_table()

    def _details(self, block: Block, read: BlockTables) -> Batch:
        """Return the rows of a block of details."""
        unfit = self._parse_lines(block, read.unfit)
        if repeated := self._repeated(read, unfit.values()):
            read = read_lines(block.data, skip={*unfit, *repeated})
            unfit |= self._parse_lines(block, [line for line in read.unfit if line not in unfit])
        self._rows.known.update(_ids(read))
        for line in sorted(unfit):
            self._rows.read_backup(block.source(line), unfit[line])
        return self._batch(read, {"detail_read_at": self._rows.read_at(block.part)})

    def _repeated(self, read: BlockTables, unfit: Collection[Any]) -> list[int]:
        """Return the lines that the row reader has to see in their order: their ids occur elsewhere.

        So do the records of a backup whose details lack them, where the list has them.
        """
        ids = _ids(read)
        unfit_ids = {id_of(backup) for backup in unfit}
        sent = read.tables[BACKUPS.name].column("replication_loaded").to_pylist()
        if all(sent) and self._rows.known.isdisjoint(ids) and unfit_ids.isdisjoint(ids):
            return []
        odd = set(read.unfit)
        fit = (line for line in range(len(ids) + len(odd)) if line not in odd)
        return [
            line
            for line, identity, records_sent in zip(fit, ids, sent, strict=True)
            if identity in self._rows.known
            or identity in unfit_ids
            or (not records_sent and self._rows.listed_records(identity) is not None)
        ]

    def _parse_lines(self, block: Block, numbers: Iterable[int]) -> dict[int, Any]:
        """Return the backups that some lines hold, parsed, by line."""
        wanted = set(numbers)
        lines = ((number, line) for number, line in enumerate(block.lines()) if number in wanted) if wanted else ()
        return {number: self._rows.parse_line(block.source(number), line) for number, line in lines}

    def _listed(self, block: Block) -> Batch:
        """Return the rows of the backups that only the list has."""
        try:
            read = self._read_items(block)
        except (ValueError, RecursionError):  # a page is not as documented
            self._rows.read_pages(block)
            read = read_lines(b"")
        return self._batch(read, {})

    def _read_items(self, block: Block) -> BlockTables:
        items = [
            (block.source(page), place, item)
            for page, line in enumerate(block.lines())
            for place, item in enumerate(page_decoder()(line).backups)
        ]
        decoder = BodyDecoder(items=True)
        decoded = [decoder.decode(item) for _, _, item in items]
        unfit = {n: parse(bytes(items[n][2])) for n, backup in enumerate(decoded) if backup is None}
        unfit_ids = {id_of(backup) for backup in unfit.values()}
        fit: dict[int, Any] = {}
        seen: set[str] = set()
        for n, backup in enumerate(decoded):
            if backup is None or backup.id in seen or backup.id in self._rows.known or backup.id in self._rows.gone:
                continue
            if backup.id in unfit_ids:
                unfit[n] = parse(bytes(items[n][2]))
            else:
                seen.add(backup.id)
                fit[n] = backup
        wanted = list(fit)
        tables, drift = build_tables(decoder, fit, lambda n: msgspec.json.decode(items[n][2]))
        unfit |= {n: parse(bytes(items[n][2])) for n in wanted if n not in fit}
        self._rows.known.update(backup.id for backup in fit.values())
        for n in sorted(unfit):
            self._rows.read_item(*items[n][:2], unfit[n])
        return BlockTables(tables, [], drift)

    def _batch(self, read: BlockTables, constants: dict[str, object]) -> Batch:
        """Return what was read by columns and by the row reader as one batch."""
        self._rows.drift.update(read.drift)
        rest = self._rows.take_batch()
        shared = {"rejected_parts": 0, **self._rows.constants, **constants}
        both = {
            table.name: pa.concat_tables(
                [with_constants(table, read.tables[table.name], shared), rest.tables[table.name]]
            )
            for table in NORMALIZED
        }
        records = Counter({name: table.num_rows for name, table in read.tables.items()})
        return Batch(rest.tables | both, records + rest.records)


def _next(waiting: "deque[tuple[Block, Future[BlockTables]]]") -> tuple[Block, BlockTables]:
    block, read = waiting.popleft()
    return block, read.result()


def _ids(read: BlockTables) -> list[str]:
    ids: list[str] = read.tables[BACKUPS.name].column("id").to_pylist()
    return ids
