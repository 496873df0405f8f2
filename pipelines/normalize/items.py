"""The items of list pages -> the rows of those that have no details.

The list repeats every backup that was read in detail, so an item is decoded for its id first of all; only the ones that
stand for nothing else become rows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from pipelines.landing.blocks import Block
from pipelines.landing.wire import id_of, parse
from pipelines.normalize.block_reader import BlockTables, build_tables
from pipelines.normalize.decode import BodyDecoder
from pipelines.normalize.structs import page_decoder


class Item(NamedTuple):
    """An item of a list page, and where it stands."""

    source: str
    position: int  # in its page
    raw: Any


def items_of(block: Block) -> list[Item]:
    """Return the items of some list pages. Raises ValueError where a page is not as documented."""
    try:
        return [
            Item(block.source(number), position, raw)
            for number, line in enumerate(block.lines())
            for position, raw in enumerate(page_decoder()(line).backups)
        ]
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_items(items: list[Item], is_wanted: Callable[[str], bool]) -> tuple[BlockTables, dict[int, Any]]:
    """Return the tables of the items with a wanted id that fit, and the ones for the row reader, parsed, by number.

    Of several with one id the first is read. Raises ValueError where an item can't be parsed.
    """
    decoder = BodyDecoder(items=True)
    decoded = [decoder.decode(item.raw) for item in items]
    unfit = {number for number, backup in enumerate(decoded) if backup is None}
    parsed = {number: _parse(items[number]) for number in unfit}
    unfit_ids = {id_of(backup) for backup in parsed.values()}
    first: dict[str, int] = {}
    for number, backup in enumerate(decoded):
        if backup is not None and backup.id in unfit_ids:
            parsed[number] = _parse(items[number])
        elif backup is not None and is_wanted(backup.id):
            first.setdefault(backup.id, number)
    backups = {number: decoded[number] for number in first.values()}
    tables, drift = build_tables(decoder, backups, lambda number: msgspec.json.decode(items[number].raw))
    parsed |= {number: _parse(items[number]) for number in first.values() if number not in backups}
    return BlockTables(tables, sorted(parsed), drift), parsed


def _parse(item: Item) -> Any:
    return parse(bytes(item.raw))
