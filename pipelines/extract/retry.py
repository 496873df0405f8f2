"""Trying again: how long, how often, after what wait.

Belongs here: the one schedule for all requests. Does not belong here: which faults may pass (answers.py).
"""

import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0  # seconds
# A service that never answered at all is more likely misspelt than down for a moment.
FIRST_CONTACT = 20.0  # seconds


def retrying(
    may_pass: Callable[[BaseException], bool],
    seconds: Callable[[], float],
    told: Callable[[RetryCallState], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> Retrying:
    """Return a caller that tries again while a fault may pass and less than `seconds()` went by.

    Waits double from FIRST_WAIT to LONGEST_WAIT, each with jitter. `told` hears of each new try. The last fault is
    raised as it is.
    """
    return Retrying(
        retry=retry_if_exception(may_pass),
        stop=lambda state: (state.seconds_since_start or 0) >= seconds(),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT),
        before_sleep=told,
        sleep=pause,
        reraise=True,
    )
