"""Whether the threads that read a scope make progress, and how they are cancelled.

Such a thread may be blocked in a library for ever. So nobody joins it, it does not keep the process alive, and whoever
waits for it checks its Watchdog instead.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from pipelines.errors import ServiceError

STALL_SECONDS = 300.0  # without a heartbeat, beyond the waits that were announced

T = TypeVar("T")


class Watchdog:
    """Heartbeats from the threads that read a scope, and a request to cancel them. Safe for many threads."""

    def __init__(self) -> None:
        """Begin with a heartbeat."""
        self._cancelled = threading.Event()
        self._deadline = time.monotonic() + STALL_SECONDS

    def heartbeat(self, extra_seconds: float = 0.0) -> None:
        """Report progress. The next heartbeat may come `extra_seconds` later than usual."""
        self._deadline = max(self._deadline, time.monotonic() + extra_seconds + STALL_SECONDS)

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until the reading is cancelled."""
        self.heartbeat(seconds)
        self._cancelled.wait(seconds)

    def cancel(self) -> None:
        """Cancel the reading: nothing more is sent, and no thread goes on waiting."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the reading was cancelled."""
        return self._cancelled.is_set()

    @property
    def is_stalled(self) -> bool:
        """Tell whether the next heartbeat is overdue."""
        return time.monotonic() > self._deadline


def cancelled_error(scope: str) -> ServiceError:
    """Return the error for a reading that was cancelled."""
    return ServiceError(f"reading cloud {scope!r} was stopped", "Run again: it goes on from there.", transient=True)


def stalled_error(scope: str) -> ServiceError:
    """Return the error for a reading that made no progress for too long."""
    return ServiceError(
        f"reading cloud {scope!r} made no progress for {STALL_SECONDS:g} s and was given up",
        "Run again: what was read is kept and continued.",
        transient=True,
    )


def run_in_background(name: str, work: Callable[[], T]) -> "Future[T]":
    """Run `work` in a daemon thread, which the end of the process does not wait for."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
