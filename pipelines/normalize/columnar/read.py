"""A block -> what of it fits, ready to be loaded once its ids are known to be new.

Belongs here: the step that runs beside others, in a thread of its own. Does not belong here: what depends on the
blocks before (normalize/snapshot.py).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.landing.blocks import Block
from pipelines.landing.wire import parse
from pipelines.normalize.columnar.found import Flags, Found, Ints, find_items, find_lines
from pipelines.normalize.columnar.ids import Ids
from pipelines.normalize.columnar.pages import items_of
from pipelines.normalize.columnar.plan import SHAPES, bit_of
from pipelines.normalize.columnar.tables import records_of, tables_of
from pipelines.normalize.columnar.texts import buffer

Tables = dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class Shows:
    """What fits of a block of details."""

    tables: Tables
    records: Counter[str]  # by table, as the scan met them
    begins: Ints  # line -> where it stands in the block
    ends: Ints
    fits: Flags  # line ->
    ids: Ids  # of the lines that fit, in their order
    silent: Flags  # of the lines that fit: they say nothing of replication, be it that there is none


@dataclass(frozen=True, slots=True)
class Items:
    """The backups of a block of list pages."""

    begins: Ints  # item -> where it stands in the block
    ends: Ints
    page: Ints  # item -> line of the block
    place: Ints  # item -> its index in the page
    fits: Flags
    ids: Ids  # of the items that fit, in their order
    odd: dict[int, object]  # item -> what it is, for those that do not fit

    def body(self, block: Block, item: int) -> object:
        """Return an item, parsed."""
        return parse(block.buf[self.begins[item] : self.ends[item]].tobytes())


def read_shows(block: Block, constants: Mapping[str, object], barred: Flags | None = None) -> Shows:
    """Read what fits of a block of details, but for the lines `barred`. `constants` as in tables_of."""
    bars = np.zeros(len(block.numbers), np.bool_) if barred is None else barred
    if not _is_utf8(block):
        bars = bars | np.array([not _decodes(line) for line in block.lines()])
    found = find_lines(block, bars)
    silent = found.seen[found.fits] & bit_of("replication_records") == 0
    tables = tables_of(found, constants, shown=True)
    return Shows(tables, records_of(found), found.begins, found.ends, found.fits, _ids(found), silent)


def read_items(block: Block) -> Items | None:
    """Find the backups of a block of list pages; None where a page is not as documented."""
    if not _is_utf8(block):
        return None
    most = block.stop // 8  # shorter ones hold nothing
    begins, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    counts = [0]
    for begin in _line_begins(block):
        counts.append(int(items_of(block.buf, begin, begins, ends, counts[-1])))
        if counts[-1] < 0:
            return None
    begins, ends = begins[: counts[-1]], ends[: counts[-1]]
    page = np.repeat(np.arange(len(counts) - 1), np.diff(counts))
    found = find_items(block.buf, begins, ends)
    items = Items(begins, ends, page, np.arange(len(begins)) - np.array(counts)[page], found.fits, _ids(found), {})
    try:
        items.odd.update({int(item): items.body(block, int(item)) for item in np.flatnonzero(~found.fits)})
    except ValueError:
        return None
    return items


def read_wanted(
    block: Block, items: Items, wanted: Ints, constants: Mapping[str, object]
) -> tuple[Tables, Counter[str]]:
    """Return the tables of the items that are `wanted`, all of which fit, and their records by table."""
    found = find_items(block.buf, items.begins[wanted], items.ends[wanted])
    return tables_of(found, constants, shown=False), records_of(found)


def _ids(found: Found) -> Ids:
    at, size = found.cells(SHAPES.backup)
    slot = SHAPES.backup.identity
    return Ids(found.buf, at[:, slot].copy(), size[:, slot].copy())


def _is_utf8(block: Block) -> bool:
    text = pa.Array.from_buffers(
        pa.large_string(), 1, [None, buffer(np.array([0, block.stop], np.int64)), buffer(block.buf)]
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _line_begins(block: Block) -> Ints:
    ends = np.flatnonzero(block.buf[: block.stop] == ord("\n"))
    return np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
