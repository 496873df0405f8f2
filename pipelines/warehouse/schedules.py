"""When the triggers of the service's backup policies run: rules of iCalendar (RFC 5545) in UTC.

The service accepts FREQ (DAILY or WEEKLY), INTERVAL, BYDAY, BYHOUR and BYMINUTE. A rule with anything else is not read:
its runs would be a guess.
"""

import re
from datetime import datetime, timedelta
from typing import Literal

from dateutil.rrule import DAILY, WEEKLY, rrule

_FREQUENCIES: dict[str, Literal[2, 3]] = {"DAILY": DAILY, "WEEKLY": WEEKLY}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYHOUR", "BYMINUTE"}
_NUMBER = re.compile(r"[0-9]{1,4}")


class PatternError(ValueError):
    """A rule whose runs can't be computed."""


def scheduled_runs(pattern: str, start: datetime | None, after: datetime, until: datetime) -> list[datetime]:
    """Return the runs of a rule between two times, of a trigger that begins to count at `start`.

    Raise PatternError if the rule can't be read.
    """
    parts = _split(pattern)
    frequency, weekdays = parts.get("FREQ", ""), parts.get("BYDAY")
    if frequency not in _FREQUENCIES:
        raise PatternError(f"FREQ is {frequency or 'missing'}, not DAILY or WEEKLY")
    days = None if weekdays is None else [_weekday(name) for name in weekdays.split(",")]
    hours, minutes = (_numbers(parts, name, limit) for name, limit in (("BYHOUR", 23), ("BYMINUTE", 59)))
    [interval] = _numbers(parts, "INTERVAL", 9999) or [1]
    if interval == 0:
        raise PatternError("INTERVAL is 0")
    if start is None:
        if interval > 1 or hours is None or minutes is None or (frequency == "WEEKLY" and days is None):
            raise PatternError("the trigger has no start, which the rule counts from")
        start = after.replace(hour=0, minute=0, second=0, microsecond=0)
    # A trigger may have begun years ago: whole intervals are skipped.
    period = timedelta(days=interval * (7 if frequency == "WEEKLY" else 1))
    start += period * max(0, (after - start) // period)
    rule = rrule(_FREQUENCIES[frequency], start, interval, byweekday=days, byhour=hours, byminute=minutes, until=until)
    return rule.between(after, until)


def _split(pattern: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in pattern.strip().upper().split(";"):
        name, separator, value = part.partition("=")
        if not separator or name not in _PARTS:
            raise PatternError(f"{part[:40] or 'an empty part'} is none of {', '.join(sorted(_PARTS))}")
        if name in parts:
            raise PatternError(f"{name} is there twice")
        parts[name] = value
    return parts


def _weekday(name: str) -> int:
    if name not in _WEEKDAYS:
        raise PatternError(f"BYDAY has {name[:40] or 'an empty day'}")
    return _WEEKDAYS.index(name)


def _numbers(parts: dict[str, str], name: str, limit: int) -> list[int] | None:
    if name not in parts:
        return None
    texts = parts[name].split(",") if name != "INTERVAL" else [parts[name]]
    if not all(_NUMBER.fullmatch(text) and int(text) <= limit for text in texts):
        raise PatternError(f"{name} is {parts[name][:40] or 'empty'}")
    return [int(text) for text in texts]
