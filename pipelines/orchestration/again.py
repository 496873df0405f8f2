"""Which clouds are due to be read again, because their last reading failed of something that may heal by itself.

How a reading ended is kept in the landing, so it does not matter who ran it. The sensor that asks is in sensors.py.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipelines.landing.attempts import Attempt

# Minutes after the first, second, ... failure in a row; after the last of them, again and again.
DELAYS = (5, 15, 60, 240)


def due(attempts: Iterable[Attempt], clouds: Iterable[str], now: datetime) -> list[Attempt]:
    """Return the last readings of `clouds` that failed, may succeed now, and have waited long enough."""
    return [
        attempt
        for attempt in attempts
        if attempt.scope in clouds and attempt.problem and attempt.transient and now >= attempt.at + _delay(attempt)
    ]


def _delay(attempt: Attempt) -> timedelta:
    return timedelta(minutes=DELAYS[min(max(attempt.failures, 1), len(DELAYS)) - 1])
