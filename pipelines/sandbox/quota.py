"""A quota of the sandbox: so many requests in each window of time; the rest is answered with 429."""

import threading
import time
from collections.abc import Callable

from pipelines.sandbox.responses import Response, throttled


class Quota:
    """Counts the requests in a window of time. Safe for many threads."""

    def __init__(
        self, limit: int, seconds: float = 1.0, unit: str = "second", now: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `limit` requests in `seconds`. A window begins with the first request after the last one ended."""
        self.limit, self.seconds, self.unit = limit, seconds, unit
        self.refused = 0
        self._now = now
        self._lock = threading.Lock()
        self._window_start = -seconds
        self._used = 0

    def check(self) -> Response | None:
        """Count one request; return the 429 if it exceeds the quota."""
        with self._lock:
            if self._now() - self._window_start >= self.seconds:
                self._window_start, self._used = self._now(), 0
            self._used += 1
            if self._used <= self.limit:
                return None
            self.refused += 1
        return throttled(self.limit, int(self.seconds) if self.unit == "second" else 1, self.unit)
