"""What may go wrong between a service and its reader, by script or by chance.

Belongs here: each fault that the wire is known for, and schedules of them. The answer that would be sent
enters `react`; what is sent in its place leaves. Changes of the estate happen before the answer is made.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from enum import Enum

from pipelines.sandbox.answers import (
    BAD_TOKEN,
    LOST_AUTHENTICATION,
    UNKNOWN_ERROR,
    Answer,
    gateway_error,
    html,
    throttled,
)
from pipelines.sandbox.store import Body, Held

TOKEN, LIST, SHOW = "token", "list", "show"  # what is asked for


class Fault(Enum):
    """One thing that may go wrong."""

    THROTTLED = "429 with a quota"
    TIMEOUT = "408"
    ERROR = "500"
    GATEWAY = "504 of the gateway"
    PROXY = "502 as HTML"
    PORTAL = "200 as HTML"
    AUTHENTICATION = "500 that means 401"
    EXPIRED = "401, the token is gone"
    RESET = "the connection is reset"
    CUT = "the body ends early"
    SLOW = "the answer takes its time"
    HANG = "the answer takes too long"
    ADDED = "a backup is made"
    DELETED = "a backup is deleted"
    TWICE = "a backup stands on two pages"
    NEW_STATUS = "a status that nobody documented"


PASSING = tuple(fault for fault in Fault if fault not in (Fault.ADDED, Fault.DELETED, Fault.TWICE, Fault.NEW_STATUS))
MOVING = (Fault.ADDED, Fault.DELETED, Fault.TWICE)
_INSTEAD = {
    Fault.THROTTLED: throttled(100_000, 1, "second"),
    Fault.TIMEOUT: gateway_error(408, "0201", "Backend timeout."),
    Fault.ERROR: UNKNOWN_ERROR,
    Fault.GATEWAY: gateway_error(504, "0201", "Backend timeout."),
    Fault.PROXY: html(502),
    Fault.PORTAL: html(200),
    Fault.AUTHENTICATION: LOST_AUTHENTICATION,
}
SLOW_SECONDS, HANG_SECONDS = 0.05, 1.0


class Faults:
    """A schedule: which fault meets the next request of a kind, if any."""

    def __init__(self, draw: Callable[[str], Fault | None], seed: int = 0) -> None:
        """`draw` is asked once for each request, with what it asks for."""
        self._draw = draw
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - it only has to be the same each time
        self._first: Body | None = None
        self._made = 0

    @classmethod
    def script(cls, asked: str, faults: Iterable[Fault | None]) -> "Faults":
        """Meet the requests that ask for `asked` with `faults`, one after the other, then none."""
        left = iter(faults)
        return cls(lambda kind: next(left, None) if kind == asked else None)

    @classmethod
    def chance(cls, seed: int, share: float, most: int, kinds: tuple[Fault, ...] = (*PASSING, *MOVING)) -> "Faults":
        """Meet that share of requests with a fault by chance, `most` times in all. The seed decides which."""
        dice = random.Random(seed)  # noqa: S311 - it only has to be the same each time
        left = most

        def draw(asked: str) -> Fault | None:
            nonlocal left
            if left == 0 or dice.random() >= share:
                return None
            left -= 1
            fault = dice.choice(kinds)
            return None if fault in MOVING and asked != LIST else fault

        return cls(draw, seed)

    def react(
        self, asked: str, backups: object, forget_tokens: Callable[[], None], make: Callable[[], Answer]
    ) -> Answer:
        """Return the answer that `make` makes, or what stands in its place."""
        with self._lock:
            fault = self._draw(asked)
            if asked == TOKEN and fault in (Fault.AUTHENTICATION, Fault.EXPIRED):
                fault = None  # IAM does not answer with the faults of CBR
            if fault in (Fault.ADDED, Fault.DELETED) and isinstance(backups, Held):
                self._move(fault, backups)
        if fault in _INSTEAD:
            return _INSTEAD[fault]
        if fault is Fault.EXPIRED:
            forget_tokens()
            return BAD_TOKEN
        answer = make()
        if fault is Fault.RESET:
            return replace(answer, cut=-1)
        if fault is Fault.CUT:
            return replace(answer, cut=len(answer.content()) // 2)
        if fault in (Fault.SLOW, Fault.HANG):
            return replace(answer, delay=SLOW_SECONDS if fault is Fault.SLOW else HANG_SECONDS)
        return self._changed(fault, asked, answer)

    def _move(self, fault: Fault, backups: Held) -> None:
        ids = backups.ids()
        if fault is Fault.DELETED and ids:
            backups.remove(self._random.choice(ids))
        elif ids:
            self._made += 1
            newest = backups.get(ids[-1]) or {}
            backups.add(deepcopy(newest) | {"id": f"made-while-reading-{self._made}"})

    def _changed(self, fault: Fault | None, asked: str, answer: Answer) -> Answer:
        """Return the answer with what its body must show."""
        body = answer.body
        if asked == LIST and isinstance(body, dict) and body.get("backups"):
            if fault is Fault.TWICE and self._first is not None:
                return replace(answer, body=body | {"backups": [*body["backups"][:-1], self._first]})
            if fault is Fault.NEW_STATUS:
                return replace(
                    answer, body=body | {"backups": [item | {"status": "frozen"} for item in body["backups"]]}
                )
            self._first = self._first or body["backups"][0]
        return answer


class Quota:
    """So many requests in each window of time; the rest is answered 429."""

    def __init__(
        self, limit: int, seconds: float = 1.0, unit: str = "second", now: Callable[[], float] = time.monotonic
    ) -> None:
        """The window begins with the first request after the last window ended."""
        self.limit, self.seconds, self.unit = limit, seconds, unit
        self.refused = 0
        self._now = now
        self._lock = threading.Lock()
        self._began = -seconds
        self._used = 0

    def refuses(self) -> Answer | None:
        """Count one request; return the 429 if it is one too many."""
        with self._lock:
            if self._now() - self._began >= self.seconds:
                self._began, self._used = self._now(), 0
            self._used += 1
            if self._used <= self.limit:
                return None
            self.refused += 1
        return throttled(self.limit, int(self.seconds) if self.unit == "second" else 1, self.unit)
