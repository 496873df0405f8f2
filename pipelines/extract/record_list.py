"""Reading the list of an input page by page, and the proof that it is whole.

A list is whole if it has as many distinct ids as the service counts, and a page shorter than requested or one more that
brings nothing new. The number of records alone proves nothing: offsets of some lists are ignored or count pages.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.contract.inputs import Input
from pipelines.extract.client import Body
from pipelines.landing.wire import storable

MAX_READS = 3


@dataclass(slots=True)
class RecordList:
    """What the pages of a list have shown so far."""

    source: Input
    ids: set[str] = field(default_factory=set)
    counts: list[Any] = field(default_factory=list)
    without_id: int = 0

    def add_page(self, page: dict[str, Any]) -> tuple[int, int]:
        """Add a page; return how many records it has, and how many of them are new."""
        records = records_of(page, self.source)
        self.counts.append(page.get("count"))
        before = len(self.ids) + self.without_id
        for record in records:
            identity = record.get(self.source.key) if isinstance(record, dict) else None
            if isinstance(identity, str | int) and identity != "":
                self.ids.add(storable(str(identity)))
            else:
                self.without_id += 1
        return len(records), len(self.ids) + self.without_id - before

    @property
    def problem(self) -> str | None:
        """Why the list may not be whole, or None."""
        counts = [count for count in self.counts if isinstance(count, int)]
        if len(counts) < len(self.counts) or not counts:
            return "the service did not say how many there are"
        if min(counts) != max(counts):
            return f"their number changed between {min(counts)} and {max(counts)} while they were read"
        if self.without_id:
            return f"{self.without_id} records have no id"
        if len(self.ids) != counts[0]:
            return f"{len(self.ids)} were read where the service counts {counts[0]}"
        return None


def records_of(page: dict[str, Any], source: Input) -> list[Any]:
    """Return the records of a page. A response of one record is a page of one."""
    value: Any = page
    for key in source.path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else [value]


def is_page(source: Input) -> Callable[[dict[str, Any]], bool]:
    """Return what tells whether a body is a page of the list of `source`."""
    return lambda body: isinstance(body.get(source.path[0]), list)


def read_pages(source: Input, get_page: Callable[[int], Body], land: Callable[[bytes], None], limit: int) -> RecordList:
    """Read the pages of a list once, by offsets that count records."""
    records = RecordList(source)
    offset = 0
    while True:
        body = get_page(offset)
        land(body.content)
        size, new = records.add_page(body.parsed)
        offset += size
        count = records.counts[-1]
        is_endless = not isinstance(count, int) or offset > 2 * (count + limit)
        if not new or is_endless or (size < limit and records.problem is None):
            return records
