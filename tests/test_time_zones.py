"""The offsets of the time zones that backup policies name, compared with zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.warehouse.time_zones import zone_offsets

START, END = datetime(2015, 1, 1), datetime(2026, 3, 2, 12)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC+08:00", 8),
        ("UTC+01:00", 1),
        ("UTC-03:30", -3.5),
        ("UTC+05:45", 5.75),
        ("GMT+8", 8),
        ("+0800", 8),
        ("utc", 0),
        ("UTC+00:00", 0),
    ],
)
def test_a_fixed_offset_lasts(name: str, hours: float) -> None:
    assert zone_offsets(name, START, END) == [(START, END, int(hours * 3600))]


@pytest.mark.parametrize(
    "name", ["", " ", "CST", "UTC+15:00", "UTC+08:60", "UTC+08:00:00", "Mars/Olympus", "../etc/passwd", "Europe/", "+"]
)
def test_a_zone_that_is_not_known_has_no_offset(name: str) -> None:
    assert zone_offsets(name, START, END) == []


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Shanghai"])
def test_a_region_has_the_offset_of_every_hour(name: str) -> None:
    periods = zone_offsets(name, START, END)
    assert periods[0][0] == START
    assert periods[-1][1] == END
    zone, moment = ZoneInfo(name), START
    for start, end, offset in periods:
        assert moment == start
        while moment < end:
            local = moment.replace(tzinfo=UTC).astimezone(zone)
            assert local.utcoffset() == timedelta(seconds=offset)
            moment = min(moment + timedelta(minutes=47), end)


def test_summer_begins_and_ends_to_the_second() -> None:
    starts = [start for start, _, _ in zone_offsets("Europe/Berlin", datetime(2025, 1, 1), datetime(2026, 1, 1))]
    assert starts == [datetime(2025, 1, 1), datetime(2025, 3, 30, 1), datetime(2025, 10, 26, 1)]
