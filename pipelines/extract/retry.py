"""Trying again: how long, how often, after what wait.

This is the one schedule for all requests. Which faults may pass is said in answers.py and scope.py.
"""

import socket
import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0  # seconds
# A host whose name nobody knows is more likely misspelt than gone for a moment.
UNKNOWN_HOST_SECONDS = 20.0


def retrying(
    transient: Callable[[BaseException], bool],
    seconds: Callable[[], float],
    told: Callable[[RetryCallState], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> Retrying:
    """Return a caller that tries again while a fault may pass and less than `seconds()` went by.

    Waits double from FIRST_WAIT to LONGEST_WAIT, each with jitter. `told` hears of each new try. The last fault is
    raised as it is.
    """

    def is_over(state: RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        patience = min(seconds(), UNKNOWN_HOST_SECONDS) if is_unknown_host(fault) else seconds()
        return (state.seconds_since_start or 0) >= patience

    return Retrying(
        retry=retry_if_exception(transient),
        stop=is_over,
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT),
        before_sleep=told,
        sleep=pause,
        reraise=True,
    )


def is_unknown_host(fault: BaseException | None) -> bool:
    """Tell whether a fault comes from a name that the resolver says does not exist."""
    while fault is not None:
        if isinstance(fault, socket.gaierror) and fault.errno == socket.EAI_NONAME:
            return True
        fault = fault.__cause__ or fault.__context__
    return False
