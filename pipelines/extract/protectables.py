"""Reading what could be backed up, type by type: ListProtectable, whose offset may count records or pages."""

from collections.abc import Callable

from pipelines.contract.inputs import Input
from pipelines.extract.client import Body, Client
from pipelines.extract.record_list import RecordList, is_page, read_pages

TYPES = ("server", "disk", "turbo")
PAGE_SIZE = 50  # the most that the call returns


def read_protectables(client: Client, source: Input, land: Callable[[bytes], None]) -> tuple[str | None, int]:
    """Read the list of each type; return why they may not be whole, and how many records there are."""
    problems, total = [], 0
    for type_ in TYPES:
        path = f"/protectables/{type_}/instances?limit={PAGE_SIZE}&offset="

        def get_page(offset: int, path: str = path) -> Body:
            return client.get(f"{path}{offset}", is_page(source))

        records = read_pages(source, get_page, land, PAGE_SIZE)
        _read_by_page_number(records, get_page, land)
        total += len(records.ids)
        if records.problem:
            problems.append(f"{type_}: {records.problem}")
    return "; ".join(problems) or None, total


def _read_by_page_number(records: RecordList, get_page: Callable[[int], Body], land: Callable[[bytes], None]) -> None:
    """Add the pages that have the numbers 1, 2, ... as their offset, while the list is not whole."""
    number = 1
    while records.problem and isinstance(count := records.counts[-1], int):
        body = get_page(number)
        land(body.content)
        _, new = records.add_page(body.parsed)
        if (not new and number > 1) or number * PAGE_SIZE > count:
            break
        number += 1
