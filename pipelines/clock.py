"""The one place that reads the clock, and that can pretend another time.

A scope's `as_of` is read here once, when reading of the scope begins; every judgement compares with it and
never with the time at which the judgement runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

SNAPSHOT_ID = "%Y%m%dT%H%M%SZ"
_shifts = [timedelta()]  # the last one counts


def utc_now() -> datetime:
    """Return the present instant as naive UTC with microseconds, the form every table keeps."""
    return datetime.now(UTC).replace(tzinfo=None) + _shifts[-1]


@contextmanager
def shifted_to(moment: datetime) -> Iterator[None]:
    """Let the time be `moment` (naive UTC) at the block's beginning, for all threads: the sandbox has a past."""
    _shifts.append(moment - datetime.now(UTC).replace(tzinfo=None))
    try:
        yield
    finally:
        _shifts.pop()


def moment_of(snapshot_id: str) -> datetime:
    """Return the second at which a snapshot began (naive UTC), by its name."""
    return datetime.strptime(snapshot_id, SNAPSHOT_ID)  # noqa: DTZ007


def snapshot_id(as_of: datetime) -> str:
    """Return the name of the snapshot that began at `as_of`, e.g. `20261123T020000Z`."""
    return as_of.strftime(SNAPSHOT_ID)
