"""Reading the audit trail: ListTraces of CTS, each page of which names the marker of the next."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pipelines.contract.inputs import Input
from pipelines.extract.client import Client
from pipelines.extract.record_list import RecordList, is_page

PAGE_SIZE = 200  # the most that the call returns


def read_traces(
    client: Client, source: Input, land: Callable[[bytes], None], since: datetime, until: datetime
) -> tuple[str | None, int]:
    """Read the traces of a period; return why they may not be all, and how many there are."""
    records = RecordList(source)
    query = f"/traces?trace_type=system&service_type=CBR&limit={PAGE_SIZE}"
    query += f"&from={_milliseconds(since)}&to={_milliseconds(until)}"
    marker: Any = None
    while True:
        page = query if marker is None else f"{query}&next={quote(str(marker), safe='')}"
        body = client.get(page, is_page(source))
        land(body.content)
        size, new = records.add_page(body.parsed)
        meta = body.parsed.get("meta_data")
        marker = meta.get("marker") if isinstance(meta, dict) else None
        if size >= PAGE_SIZE and not marker:
            return "a full page led to no other", len(records.ids)
        if not size or not marker:
            return (f"{records.without_id} records have no id" if records.without_id else None), len(records.ids)
        if not new:
            return "the marker of a page led to a page that was read before", len(records.ids)


def _milliseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
