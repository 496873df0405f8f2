"""The one retry schedule for all requests: how long, how often, after which wait.

Which errors are transient is decided in responses.py and login_errors.py.
"""

import socket
import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

FIRST_WAIT, MAX_WAIT = 0.2, 30.0  # seconds
# A host name that does not resolve is more likely misspelt than unavailable for a moment.
UNKNOWN_HOST_SECONDS = 20.0


def retrying(
    is_transient: Callable[[BaseException], bool],
    max_seconds: float,
    on_retry: Callable[[RetryCallState], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Retrying:
    """Return a caller that repeats a call for `max_seconds`, as long as its error is transient.

    Waits double from FIRST_WAIT to MAX_WAIT, each with jitter. `on_retry` is called before each wait. The last error is
    raised unchanged.
    """

    def is_over(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        limit = min(max_seconds, UNKNOWN_HOST_SECONDS) if is_unknown_host(error) else max_seconds
        return (state.seconds_since_start or 0) >= limit

    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=is_over,
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=MAX_WAIT, jitter=FIRST_WAIT),
        before_sleep=on_retry,
        sleep=sleep,
        reraise=True,
    )


def is_unknown_host(error: BaseException | None) -> bool:
    """Tell whether an error was caused by a host name that the resolver says does not exist."""
    while error is not None:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
            return True
        error = error.__cause__ or error.__context__
    return False
