"""Which signal ended a command, and that SIGTERM ends one as Ctrl-C does.

A handler can't tell: Dagster puts its own in place while a job runs, and none is called while the main thread waits for
DuckDB, which may be long. So the number is taken from where Python writes it at once, by a thread.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.storage.connection import interrupt_all

_SOON = 0.1  # seconds in which the thread has run


class Signals:
    """What comes of SIGINT and SIGTERM from now on. Whatever DuckDB does then, it stops."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._first = 0
        self._came = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def exit_code(self) -> int:
        """The exit code that shells expect of a process that was interrupted; 0 where it was not."""
        return 128 + self._first if self._came.wait(_SOON) else 0

    def _watch(self) -> None:
        while True:
            for number in os.read(self._reader, 1):
                if number in (signal.SIGINT, signal.SIGTERM):
                    self._first = self._first or number
                    self._came.set()
                    interrupt_all()


@contextmanager
def interruptible() -> Iterator[Signals]:
    """Let SIGTERM interrupt the block as Ctrl-C does; after it, a signal ends the process at once and without words."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield Signals()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
