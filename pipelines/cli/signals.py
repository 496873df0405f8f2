"""Which signal ended a command, and that SIGTERM ends one as Ctrl-C does.

A handler can't tell: Dagster puts its own in place while a job runs, and DuckDB swallows what a handler raises. So the
number is taken from where Python itself writes it.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Signals:
    """What came of SIGINT and SIGTERM since this was made, in the main thread."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._received = 0

    @property
    def exit_code(self) -> int:
        """The exit code that shells expect of a process that was interrupted; 0 where it was not."""
        try:
            came = [number for number in os.read(self._reader, 1_000) if number in (signal.SIGINT, signal.SIGTERM)]
        except BlockingIOError:
            came = []
        self._received = self._received or next(iter(came), 0)
        return 128 + self._received if self._received else 0


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
