"""The retention rule of a backup policy in plain Python, to compare with what the models make of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

PERIODS = ("day", "week", "month", "year")


@dataclass(frozen=True)
class Rule:
    """How many points are kept: the newest, and the newest of each of the last days, weeks, months and years."""

    newest: int = 1
    day: int = 0
    week: int = 0
    month: int = 0
    year: int = 0
    zone: str | None = "UTC+08:00"

    def definition(self) -> dict[str, object]:
        """The rule as the service sends it."""
        periods = {f"{period}_backups": getattr(self, period) for period in PERIODS}
        return {"max_backups": self.newest, "retention_duration_days": -1, "timezone": self.zone} | periods

    def kept(self, made: Collection[datetime]) -> set[datetime]:
        """Those of the times at which points were made that the rule keeps."""
        newest_first = sorted(made, reverse=True)
        kept = set(newest_first[: self.newest])
        for period in PERIODS:
            seen: list[date] = []
            for moment in newest_first:
                start = self.start_of(period, moment)
                if start not in seen:
                    seen.append(start)
                    if len(seen) <= getattr(self, period):
                        kept.add(moment)
        return kept

    def start_of(self, period: str, moment: datetime) -> date:
        """The first local day of the period that a time in UTC is in."""
        day = moment.replace(tzinfo=UTC).astimezone(self._zone()).date()
        if period == "week":
            return day - timedelta(days=day.weekday())
        if period == "month":
            return day.replace(day=1)
        return day.replace(month=1, day=1) if period == "year" else day

    def _zone(self) -> tzinfo:
        assert self.zone
        if "/" in self.zone:
            return ZoneInfo(self.zone)
        sign = -1 if "-" in self.zone else 1
        hours, minutes = self.zone[4:].split(":")
        return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
