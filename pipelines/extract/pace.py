"""How fast one endpoint is asked.

Belongs here: spacing requests, slowing down when the service says so, and recovering afterwards. Threads
enter `wait` and leave it when it is their turn. Source: the 429 body of the API gateway, which names its
quota as `limit:N,time:M second|minute`.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_QUOTA = re.compile(r"limit:\s*(\d+)\s*,\s*time:\s*(\d+)\s*(second|minute|hour)", re.IGNORECASE)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
SHARE = 0.96  # of a quota that is told: the rest absorbs the jitter of the network
QUIET, QUIET_WINDOWS = 60.0, 10  # seconds, and windows of a quota, without a 429 after which more is tried
CLIMB = 1.05  # times the rate, each second, while recovering
LONGEST_PAUSE, LONGEST_QUIET = 60.0, 3600.0  # seconds
SLOWEST = 0.05  # requests a second, where no quota is told


@dataclass(frozen=True, slots=True)
class Turn:
    """A place in the line: when it comes, and for which rate it was given."""

    at: float
    era: int


class Pacer:
    """Spaces requests evenly. `wanted` is the rate that is never exceeded."""

    def __init__(
        self,
        wanted: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` tells seconds; tests bring their own."""
        self.wanted = wanted
        self.rate = wanted
        self._now = now
        self._lock = threading.Lock()
        self._next = self._climbed = now()
        self._slowed = now() - QUIET
        self._quiet = QUIET
        self._told: float | None = None  # the quota that was told last, in requests a second
        self._era = 0
        self._in_a_row = 0

    def wait(self, pause: Callable[[float], None] = time.sleep) -> Turn:
        """Wait for the next turn and take it. `pause` waits so many seconds, or less where it is interrupted."""
        while True:
            turn = self.reserve()
            pause(max(0.0, turn.at - self._now()))
            if self.holds(turn):
                return turn

    def reserve(self) -> Turn:
        """Return the next free turn."""
        with self._lock:
            now = self._now()
            self._recover(now)
            at = max(now, self._next)
            self._next = at + 1 / self.rate
            return Turn(at, self._era)

    def holds(self, turn: Turn) -> bool:
        """Tell whether a turn may be taken: it was not given for a rate that proved too fast."""
        return turn.era == self._era

    def went_well(self) -> None:
        """Hear that a request was answered with anything but 429."""
        self._in_a_row = 0

    def slow_down(self, message: str, turn: Turn) -> None:
        """Hear of a 429 to the request of `turn`.

        Requests that were under way when the rate was last lowered say nothing new, and do not lower it again.
        """
        with self._lock:
            if not self.holds(turn):
                return
            now = self._now()
            self._era += 1
            self._slowed = self._climbed = now
            self._in_a_row += 1
            window = self._learn(message)
            pause = min(window, LONGEST_PAUSE, 2.0 ** (self._in_a_row - 1))
            self._next = now + max(pause, 1 / self.rate)

    def _learn(self, message: str) -> float:
        """Lower the rate to what the message tells, or to half; return the window of the quota."""
        quota = _QUOTA.search(message)
        if not quota:
            self._told, self._quiet = None, QUIET
            self.rate = max(self.rate / 2, min(SLOWEST, self.wanted))
            return 1.0
        window = max(1, int(quota[2])) * _SECONDS[quota[3].lower()]
        told = max(1, int(quota[1])) / window
        # A quota that is told again is no passing thing: look longer before trying it again.
        again = told == self._told
        self._quiet = min(2 * self._quiet, LONGEST_QUIET) if again else max(QUIET, QUIET_WINDOWS * window)
        self._told = told
        self.rate = min(self.wanted, SHARE * told)
        return window

    def _recover(self, now: float) -> None:
        """After a quiet time, climb back to the wanted rate, a little each second."""
        since = max(self._climbed, self._slowed + self._quiet)
        if self.rate < self.wanted and now > since:
            self.rate = min(self.wanted, self.rate * CLIMB ** min(now - since, 60.0))
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
