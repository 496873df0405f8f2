"""Faults between the sandbox and its reader, by script or at random.

`apply` replaces the response that would be sent. Changes of the estate happen before the response is made.
"""

import random
import threading
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from enum import Enum

from pipelines.sandbox.responses import (
    BAD_TOKEN,
    LOST_AUTHENTICATION,
    UNKNOWN_ERROR,
    Response,
    gateway_error,
    html,
    throttled,
)
from pipelines.sandbox.store import Body, MemoryStore

TOKEN, LIST, SHOW = "token", "list", "show"  # kinds of requests


class Fault(Enum):
    """One thing that may go wrong."""

    THROTTLED = "429 with a quota"
    TIMEOUT = "408"
    ERROR = "500"
    GATEWAY = "504 of the gateway"
    PROXY = "502 as HTML"
    PORTAL = "200 as HTML"
    AUTHENTICATION = "500 that means 401"
    EXPIRED = "401, the token has expired"
    RESET = "the connection is reset"
    CUT = "the body ends early"
    SLOW = "the response takes its time"
    HANG = "the response takes too long"
    ADDED = "a backup is added"
    DELETED = "a backup is deleted"
    TWICE = "a backup is on two pages"
    NEW_STATUS = "a status that is not documented"


MOVING = (Fault.ADDED, Fault.DELETED, Fault.TWICE)  # the list changes while it is read
TRANSIENT = tuple(fault for fault in Fault if fault not in (*MOVING, Fault.NEW_STATUS))
_REPLACEMENTS = {
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
    """A schedule of faults: which one the next request of a kind gets, if any. Safe for many threads."""

    def __init__(self, draw: Callable[[str], Fault | None] = lambda _: None, seed: int = 0) -> None:
        """`draw` is called once for each request, with its kind."""
        self._draw = draw
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - it only has to be the same each time
        self._first_item: Body | None = None
        self._added = 0

    @classmethod
    def script(cls, kind: str, faults: Iterable[Fault | None]) -> "Faults":
        """Return the schedule that gives `faults` to the requests of one kind, one after the other, then none."""
        remaining = iter(faults)
        return cls(lambda requested: next(remaining, None) if requested == kind else None)

    @classmethod
    def at_random(
        cls, seed: int, share: float, maximum: int, faults: tuple[Fault, ...] = (*TRANSIENT, *MOVING)
    ) -> "Faults":
        """Return a schedule of `maximum` faults, drawn for that share of the requests. The seed decides which."""
        generator = random.Random(seed)  # noqa: S311 - it only has to be the same each time
        remaining = maximum

        def draw(kind: str) -> Fault | None:
            nonlocal remaining
            if remaining == 0 or generator.random() >= share:
                return None
            remaining -= 1
            fault = generator.choice(faults)
            return None if fault in MOVING and kind != LIST else fault

        return cls(draw, seed)

    def apply(
        self, kind: str, backups: object, forget_tokens: Callable[[], None], respond: Callable[[], Response]
    ) -> Response:
        """Return the response of `respond`, or what is sent instead of it."""
        with self._lock:
            fault = self._draw(kind)
            if kind == TOKEN and fault in (Fault.AUTHENTICATION, Fault.EXPIRED):
                fault = None  # IAM does not have the faults of CBR
            if fault in (Fault.ADDED, Fault.DELETED) and isinstance(backups, MemoryStore):
                self._change_estate(fault, backups)
        if fault in _REPLACEMENTS:
            return _REPLACEMENTS[fault]
        if fault is Fault.EXPIRED:
            forget_tokens()
            return BAD_TOKEN
        response = respond()
        if fault is Fault.RESET:
            return replace(response, cut=-1)
        if fault is Fault.CUT:
            return replace(response, cut=len(response.content()) // 2)
        if fault in (Fault.SLOW, Fault.HANG):
            return replace(response, delay=SLOW_SECONDS if fault is Fault.SLOW else HANG_SECONDS)
        return self._change_page(fault, response) if kind == LIST else response

    def _change_estate(self, fault: Fault, backups: MemoryStore) -> None:
        ids = backups.ids()
        if fault is Fault.DELETED and ids:
            backups.remove(self._random.choice(ids))
        elif ids:
            self._added += 1
            newest = backups.get(ids[-1]) or {}
            backups.add(deepcopy(newest) | {"id": f"made-while-reading-{self._added}"})

    def _change_page(self, fault: Fault | None, response: Response) -> Response:
        """Return a list page with the fault in its items."""
        body = response.body
        if not isinstance(body, dict) or not body.get("backups"):
            return response
        if fault is Fault.TWICE and self._first_item is not None:
            return replace(response, body=body | {"backups": [*body["backups"][:-1], self._first_item]})
        if fault is Fault.NEW_STATUS:
            items = [item | {"status": "frozen"} for item in body["backups"]]
            return replace(response, body=body | {"backups": items})
        self._first_item = self._first_item or body["backups"][0]
        return response
