"""Spacing the requests to one endpoint: slower after a 429, and back to the configured rate after a quiet time.

The 429 of the API gateway names the quota in its message, as `limit:N,time:M second|minute|hour`; without a quota the
rate is halved.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_QUOTA = re.compile(r"limit:\s*(\d+)\s*,\s*time:\s*(\d+)\s*(second|minute|hour)", re.IGNORECASE)
_UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
QUOTA_SHARE = 0.96  # the rest of a quota absorbs the jitter of the network
QUIET_SECONDS = 60.0  # without a 429, after which a higher rate is tried
QUIET_WINDOWS = 10  # the same in windows of a quota, where that is longer
GROWTH = 1.05  # times the rate, each second, while recovering
MAX_PAUSE, MAX_QUIET_SECONDS = 60.0, 3600.0  # seconds
MIN_RATE = 0.05  # requests a second, where the quota is not known


@dataclass(frozen=True, slots=True)
class Slot:
    """The time at which a request may be sent; `generation` counts how often the rate had been lowered until then."""

    time: float
    generation: int


class RateLimiter:
    """Spaces requests evenly, never faster than `max_rate` a second. Safe for many threads."""

    def __init__(self, max_rate: float, now: Callable[[], float] = time.monotonic) -> None:
        """Start at `max_rate`. `now` returns seconds; tests pass a simulated clock."""
        self.max_rate = max_rate
        self.rate = max_rate
        self._now = now
        self._lock = threading.Lock()
        self._next_time = self._grown_at = now()
        self._throttled_at = now() - QUIET_SECONDS
        self._quiet_seconds = QUIET_SECONDS
        self._quota: float | None = None  # of the last 429, in requests a second
        self._generation = 0
        self._consecutive_429s = 0

    def wait(self, sleep: Callable[[float], None] = time.sleep) -> Slot:
        """Wait for the next slot and return it. `sleep` waits the given seconds, or less if it is interrupted."""
        while True:
            slot = self.reserve()
            sleep(max(0.0, slot.time - self._now()))
            if self.is_valid(slot):
                return slot

    def reserve(self) -> Slot:
        """Return the next free slot."""
        with self._lock:
            now = self._now()
            self._recover(now)
            slot_time = max(now, self._next_time)
            self._next_time = slot_time + 1 / self.rate
            return Slot(slot_time, self._generation)

    def is_valid(self, slot: Slot) -> bool:
        """Tell whether the rate has not been lowered since `slot` was reserved."""
        return slot.generation == self._generation

    def succeeded(self) -> None:
        """Reset the count of consecutive 429s, after any other response."""
        self._consecutive_429s = 0

    def throttled(self, message: str, slot: Slot) -> None:
        """Lower the rate after a 429. Requests sent before the last change are ignored: they report nothing new."""
        with self._lock:
            if not self.is_valid(slot):
                return
            now = self._now()
            self._generation += 1
            self._throttled_at = self._grown_at = now
            self._consecutive_429s += 1
            window = self._lower_rate(message)
            pause = min(window, MAX_PAUSE, 2.0 ** (self._consecutive_429s - 1))
            self._next_time = now + max(pause, 1 / self.rate)

    def _lower_rate(self, message: str) -> float:
        """Lower the rate to the quota in `message`, or by half; return the window of the quota in seconds."""
        match = _QUOTA.search(message)
        if not match:
            self._quota, self._quiet_seconds = None, QUIET_SECONDS
            self.rate = max(self.rate / 2, min(MIN_RATE, self.max_rate))
            return 1.0
        window = max(1, int(match[2])) * _UNIT_SECONDS[match[3].lower()]
        quota = max(1, int(match[1])) / window
        # The same quota twice is there to stay: wait longer before a higher rate is tried again.
        is_repeated = quota == self._quota
        self._quiet_seconds = (
            min(2 * self._quiet_seconds, MAX_QUIET_SECONDS)
            if is_repeated
            else max(QUIET_SECONDS, QUIET_WINDOWS * window)
        )
        self._quota = quota
        self.rate = min(self.max_rate, QUOTA_SHARE * quota)
        return window

    def _recover(self, now: float) -> None:
        """Raise the rate a little each second after a quiet time, up to `max_rate`."""
        since = max(self._grown_at, self._throttled_at + self._quiet_seconds)
        if self.rate < self.max_rate and now > since:
            self.rate = min(self.max_rate, self.rate * GROWTH ** min(now - since, 60.0))
            self._grown_at = now


class RateLimiters:
    """One rate limiter for each endpoint, shared by all scopes that use it. Safe for many threads."""

    def __init__(self, max_rate: float) -> None:
        """`max_rate` holds for each endpoint, in requests a second."""
        self._max_rate = max_rate
        self._lock = threading.Lock()
        self._by_host: dict[str, RateLimiter] = {}

    def for_url(self, url: str) -> RateLimiter:
        """Return the rate limiter of the endpoint of `url`."""
        with self._lock:
            return self._by_host.setdefault(urlsplit(url).netloc, RateLimiter(self._max_rate))
