"""Which clouds are due for another attempt, because their last one failed with an error that may go away by itself.

The landing records every attempt, so it does not matter which run made it. The sensor is in sensors.py.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipelines.landing.attempts import Attempt, select_attempts

# Minutes after the first, second, ... failure in a row. The last one repeats.
DELAY_MINUTES = (5, 15, 60, 240)


def due_retries(attempts: Iterable[Attempt], clouds: Iterable[str], now: datetime) -> list[Attempt]:
    """Return the failed last attempts of `clouds` that may succeed now and have waited long enough."""
    return [
        attempt
        for attempt in select_attempts(attempts, clouds)
        if attempt.problem and attempt.transient and now >= attempt.at + _delay(attempt)
    ]


def _delay(attempt: Attempt) -> timedelta:
    return timedelta(minutes=DELAY_MINUTES[min(max(attempt.failures, 1), len(DELAY_MINUTES)) - 1])
