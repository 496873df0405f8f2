"""The offsets from UTC of the time zones that backup policies name: `UTC+08:00`, or a region such as `Europe/Berlin`.

SQL adds them to the creation of a backup to find the day, week, month and year that it belongs to.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pyarrow as pa

from pipelines.contract.derive import arrow_schema
from pipelines.contract.policy_runs import ZONE_OFFSETS
from pipelines.models.files import read_query
from pipelines.warehouse.file import fill_table

FIRST_BACKUP = datetime(2015, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the service is younger
_FIXED = re.compile(r"(?:UTC|GMT)?(?:([+-])([0-9]{1,2})(?::?([0-9]{2}))?)?")
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def fill_zone_offsets(connection: duckdb.DuckDBPyConnection, times: Mapping[str, datetime]) -> dict[str, int]:
    """Fill cbr.zone_offsets from the policies of the history; return the rows by relation.

    `times` is as_of by scope.
    """
    names = connection.execute(read_query("warehouse/zones")).fetchall()
    rows = [
        {"scope": scope, "timezone": name, "starts_at": start, "ends_at": end, "offset_seconds": offset}
        for scope, name in names
        for start, end, offset in zone_offsets(name, FIRST_BACKUP, times[scope] + _DAY)
    ]
    return {
        ZONE_OFFSETS.relation: fill_table(
            connection, ZONE_OFFSETS, pa.Table.from_pylist(rows, arrow_schema(ZONE_OFFSETS))
        )
    }


def zone_offsets(name: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime, int]]:
    """Return the periods between two times in UTC, each with its offset in seconds; none if the zone is not known."""
    zone = _zone(name)
    if zone is None:
        return []
    starts = [start, *_changes(zone, start, end)]
    return [(a, b, _offset(zone, a)) for a, b in zip(starts, [*starts[1:], end], strict=True)]


@cache
def _zone(name: str) -> tzinfo | None:
    name = name.strip()
    if name and (fixed := _FIXED.fullmatch(name.upper())):
        sign, hours, minutes = fixed.groups(default="0")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset > timedelta(hours=14) or int(minutes) > 59:
            return None
        return timezone(-offset if sign == "-" else offset)
    if "/" not in name:  # an abbreviation may mean several zones
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _changes(zone: tzinfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the seconds at which the offset changes. No zone changes it twice in a day."""
    if isinstance(zone, timezone):
        return
    day = start
    while day < end:
        before, after = day, min(day + _DAY, end)
        if _offset(zone, before) != _offset(zone, after):
            while after - before > _SECOND:
                middle = before + (after - before) // _SECOND // 2 * _SECOND
                if _offset(zone, middle) == _offset(zone, before):
                    before = middle
                else:
                    after = middle
            if after < end:
                yield after
        day += _DAY


def _offset(zone: tzinfo, moment: datetime) -> int:
    instant = moment.replace(tzinfo=UTC)
    return int((instant.astimezone(zone).replace(tzinfo=UTC) - instant).total_seconds())
