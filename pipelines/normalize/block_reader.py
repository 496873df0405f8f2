"""A block of landed lines -> the rows of those that fit the contract."""

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from pipelines.landing.blocks import lines_of
from pipelines.normalize.decode import BodyDecoder
from pipelines.normalize.drift import Drift
from pipelines.normalize.tables import TableBuilder


class BlockTables(NamedTuple):
    """The tables of the bodies of a block that fit, in their order, and which do not."""

    tables: dict[str, pa.Table]  # without the columns that all rows of a snapshot share
    unfit: list[int]
    drift: Drift


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector from looking through rows as they are made: nothing in them is a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_collecting()
def read_lines(data: bytes | bytearray, skip: Collection[int] = ()) -> BlockTables:
    """Read lines that each hold an answer of ShowBackup, but for the ones to `skip`."""
    lines = list(lines_of(data))
    decoder = BodyDecoder()
    decoded = ((line, None if line in skip else decoder.decode(body)) for line, body in enumerate(lines))
    backups = {line: backup for line, backup in decoded if backup is not None}
    tables, drift = build_tables(decoder, backups, lambda line: msgspec.json.decode(lines[line])["backup"])
    return BlockTables(tables, [line for line in range(len(lines)) if line not in backups], drift)


def build_tables(
    decoder: BodyDecoder, backups: dict[int, Any], as_sent: Callable[[int], Any]
) -> tuple[dict[str, pa.Table], Drift]:
    """Return the tables of the backups of a block, which are keyed by their place in it, and what differed.

    Those that turn out not to fit are removed from `backups`. `as_sent` returns one as plain Python values.
    """
    while True:
        places = list(backups)
        parsed = lru_cache(maxsize=1)(partial(_at, as_sent, places))
        builder = TableBuilder(decoder, list(backups.values()), parsed)
        tables = builder.build()
        if not builder.unfit:
            return tables, builder.drift
        for row in builder.unfit:
            del backups[places[row]]


def _at(as_sent: Callable[[int], Any], places: list[int], row: int) -> Any:
    return as_sent(places[row])
