"""What was read of a block by columns, made one with the blocks before it.

Belongs here: which of its lines are taken one by one after all: those that do not fit, and those whose id stands
twice. Blocks come in their order; a `Piece` leaves for each.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contract.tables import NORMALIZED
from pipelines.landing.blocks import Block
from pipelines.landing.wire import id_of
from pipelines.normalize.columnar.found import Flags
from pipelines.normalize.columnar.ids import Ids, IdSet
from pipelines.normalize.columnar.read import Items, Shows, Tables, read_items, read_shows, read_wanted
from pipelines.normalize.piece import Piece
from pipelines.normalize.tolerant.bodies import Bodies


class Columnar:
    """Reads blocks by columns; `bodies` takes the rest."""

    def __init__(self, bodies: Bodies) -> None:
        """Share the ids that were loaded with `bodies`."""
        self._bodies = bodies
        self._known = IdSet(bodies.known if isinstance(bodies.known, set) else ())
        bodies.known = self._known
        self._gone = IdSet(bodies.gone)

    def read_shows(self, block: Block) -> Shows:
        """Read a block of details; may run beside others."""
        return read_shows(block, self._constants(block))

    def read_items(self, block: Block) -> Items | None:
        """Read a block of list pages; may run beside others. None where a page is not as documented."""
        return read_items(block)

    def settle_shows(self, block: Block, shows: Shows) -> Piece:
        """Return the rows of a block of details."""
        odd = self._odd_lines(block, shows, ~shows.fits)
        again = _among(odd.values(), shows.ids)
        for number in np.flatnonzero(shows.silent & ~again):
            again[number] = self._bodies.listed_records(shows.ids.text(int(number))) is not None
        again |= _named([shows.ids.text(int(number)) for number in np.flatnonzero(again)], shows.ids)
        again[~again] = self._known.add_all(shows.ids[~again])
        if again.any():
            barred = ~shows.fits
            barred[np.flatnonzero(shows.fits)[again]] = True
            odd |= self._odd_lines(block, shows, barred & shows.fits)
            shows = read_shows(block, self._constants(block), barred)
        for line in sorted(odd):
            self._bodies.take_show(block.source(line), odd[line])
        return self._one(shows.tables, shows.records)

    def settle_items(self, block: Block, items: Items) -> Piece:
        """Return the rows of the backups that only the list has."""
        fitting = np.flatnonzero(items.fits)
        again = _among(items.odd.values(), items.ids)
        odd = items.odd | {int(item): items.body(block, item) for item in fitting[again]}
        fresh = ~(again | self._gone.find(items.ids))
        fresh[fresh] = ~self._known.add_all(items.ids[fresh])
        for item in sorted(odd):
            self._bodies.take_item(block.source(int(items.page[item])), int(items.place[item]), odd[item])
        return self._one(*read_wanted(block, items, fitting[fresh], self._constants()))

    def _odd_lines(self, block: Block, shows: Shows, which: Flags) -> dict[int, Any]:
        """Return the backups that some lines hold, parsed, by line."""
        return {
            int(line): self._bodies.show(
                block.source(int(line)), block.buf[shows.begins[line] : shows.ends[line]].tobytes()
            )
            for line in np.flatnonzero(which)
        }

    def _constants(self, shows: Block | None = None) -> dict[str, object]:
        read_at = self._bodies.read_at(shows.part) if shows else None
        return {**self._bodies.place, "rejected_parts": 0, "detail_read_at": read_at}

    def _one(self, tables: Tables, records: Counter[str]) -> Piece:
        """Add what was taken one by one to what was read by columns."""
        rest = self._bodies.hand_over()
        both = {table.name: pa.concat_tables([tables[table.name], rest.tables[table.name]]) for table in NORMALIZED}
        return Piece(rest.tables | both, records + rest.records)


def _among(bodies: Iterable[Any], ids: Ids) -> Flags:
    """Tell of each id whether one of `bodies` has it too: which of them comes first is then seen one by one."""
    return _named({identity for body in bodies if (identity := id_of(body))}, ids)


def _named(names: Collection[str], ids: Ids) -> Flags:
    return IdSet(names).find(ids) if names else np.zeros(len(ids.at), np.bool_)
