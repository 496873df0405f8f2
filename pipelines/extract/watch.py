"""The life of one reading: whether it gets on, and whether somebody has ended it.

The threads of a reading may be blocked in a library for ever, so nobody joins them and none keeps the process alive.
Whoever waits for a reading asks its Watch instead.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from pipelines.errors import ServiceError, WarehouseError

STALLED = 300.0  # seconds without a sign of life, beyond the waits that were announced

T = TypeVar("T")


class Watch:
    """What the threads of one reading tell whoever waits for them. Safe for many threads."""

    def __init__(self) -> None:
        """Begin with a sign of life."""
        self._stop = threading.Event()
        self._due = time.monotonic() + STALLED

    def alive(self, seconds: float = 0.0) -> None:
        """Give a sign of life; the next one may be `seconds` later than usual."""
        self._due = max(self._due, time.monotonic() + seconds + STALLED)

    def pause(self, seconds: float) -> None:
        """Wait so long, or until the reading is stopped."""
        self.alive(seconds)
        self._stop.wait(seconds)

    def stop(self) -> None:
        """End the reading: nothing more is sent, and no thread goes on waiting."""
        self._stop.set()

    @property
    def is_stopped(self) -> bool:
        """Tell whether the reading was ended."""
        return self._stop.is_set()

    @property
    def is_stalled(self) -> bool:
        """Tell whether the last sign of life is too long ago."""
        return time.monotonic() > self._due


def stopped(scope: str) -> WarehouseError:
    """Return the error for a reading that was ended before its end."""
    return ServiceError(f"reading cloud {scope!r} was stopped", "Run again: it goes on from there.", transient=True)


def stalled(scope: str) -> WarehouseError:
    """Return the error for a reading that gave no sign of life for too long."""
    return ServiceError(
        f"reading cloud {scope!r} did not get on for {STALLED:g} s and was given up",
        "Run again: what was read is kept and continued.",
        transient=True,
    )


def in_background(name: str, work: Callable[[], T]) -> "Future[T]":
    """Do `work` in a thread that the end of the process does not wait for."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
