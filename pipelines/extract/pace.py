"""How fast one endpoint is asked.

Belongs here: spacing requests, slowing down when the service says so, and recovering afterwards. Threads
enter `wait` and leave it when it is their turn. Source: the 429 body of the API gateway, which names its
quota as `limit:N,time:M second|minute`.
"""

import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

_QUOTA = re.compile(r"limit:\s*(\d+)\s*,\s*time:\s*(\d+)\s*(second|minute|hour)", re.IGNORECASE)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
SHARE = 0.96  # of a quota that is told: the rest absorbs the jitter of the network
QUIET = 60.0  # seconds without a 429 after which more is tried
CLIMB = 0.05  # of the wanted rate, each second, while recovering
LONGEST_PAUSE = 60.0  # seconds
SLOWEST = 0.05  # requests a second


class Pacer:
    """Spaces requests evenly. `wanted` is the rate that is never exceeded."""

    def __init__(
        self,
        wanted: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`now` and `sleep` are seconds; tests bring their own."""
        self.wanted = wanted
        self.rate = wanted
        self._now, self._sleep = now, sleep
        self._lock = threading.Lock()
        self._next = self._climbed = now()
        self._slowed = -QUIET + now()
        self._in_a_row = 0

    def wait(self) -> float:
        """Wait for the next turn; return the instant at which it came."""
        with self._lock:
            now = self._now()
            self._recover(now)
            turn = max(now, self._next)
            self._next = turn + 1 / self.rate
        self._sleep(max(0.0, turn - now))
        return turn

    def went_well(self) -> None:
        """Hear that a request was answered with anything but 429."""
        self._in_a_row = 0

    def slow_down(self, message: str, asked_at: float) -> None:
        """Hear of a 429 to a request of the instant `asked_at`.

        Requests that were under way when the rate was last lowered say nothing new, and do not lower it again.
        """
        with self._lock:
            now = self._now()
            if asked_at < self._slowed:
                return
            self._slowed = self._climbed = now
            self._in_a_row += 1
            window = 1.0
            if quota := _QUOTA.search(message):
                window = int(quota[2]) * _SECONDS[quota[3].lower()]
                self.rate = min(self.wanted, SHARE * int(quota[1]) / window)
            else:
                self.rate /= 2
            self.rate = max(self.rate, min(SLOWEST, self.wanted))
            pause = min(window, LONGEST_PAUSE, 2.0 ** (self._in_a_row - 1))
            self._next = max(self._next, now + pause)

    def _recover(self, now: float) -> None:
        """After a quiet time, climb back to the wanted rate, a little each second."""
        since = max(self._climbed, self._slowed + QUIET)
        if self.rate < self.wanted and now > since:
            self.rate = min(self.wanted, self.rate + CLIMB * self.wanted * (now - since))
            self._climbed = now


class Pacers:
    """One pacer for each endpoint, shared by all scopes that ask it."""

    def __init__(self, wanted: float) -> None:
        """`wanted` is the rate for each endpoint."""
        self._wanted = wanted
        self._lock = threading.Lock()
        self._of: dict[str, Pacer] = {}

    def of(self, url: str) -> Pacer:
        """Return the pacer of the endpoint that `url` belongs to."""
        with self._lock:
            return self._of.setdefault(urlsplit(url).netloc, Pacer(self._wanted))
