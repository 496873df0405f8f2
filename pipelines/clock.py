"""The one place that reads the clock.

A scope's `as_of` is read here once, when reading of the scope begins; every judgement compares with it and
never with the time at which the judgement runs.
"""

from datetime import UTC, datetime

SNAPSHOT_ID = "%Y%m%dT%H%M%SZ"


def utc_now() -> datetime:
    """Return the present instant as naive UTC with microseconds, the form every table keeps."""
    return datetime.now(UTC).replace(tzinfo=None)


def snapshot_id(as_of: datetime) -> str:
    """Return the name of the snapshot that began at `as_of`, e.g. `20261123T020000Z`."""
    return as_of.strftime(SNAPSHOT_ID)
