"""SIGINT and SIGTERM: both interrupt a command, and the exit code tells which one did.

A signal handler can't do this: Dagster installs its own while a job runs, and Python calls none while the main thread
waits for DuckDB, which may take long. So a thread reads the number of each signal from Python's wakeup pipe.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.storage.connection import interrupt_all

_THREAD_SECONDS = 0.1  # how long the thread may need to read a signal


class Signals:
    """The first SIGINT or SIGTERM from now on. Each of them also stops what DuckDB is doing."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._first_signal = 0
        self._received = threading.Event()
        threading.Thread(target=self._read_signals, daemon=True).start()

    @property
    def exit_code(self) -> int:
        """The exit code that shells expect after an interrupt, or 0 without one."""
        return 128 + self._first_signal if self._received.wait(_THREAD_SECONDS) else 0

    def _read_signals(self) -> None:
        while True:
            for number in os.read(self._reader, 1):
                if number in (signal.SIGINT, signal.SIGTERM):
                    self._first_signal = self._first_signal or number
                    self._received.set()
                    interrupt_all()


@contextmanager
def interruptible() -> Iterator[Signals]:
    """Let SIGTERM interrupt the block as Ctrl-C does. After the block, a signal ends the process silently."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield Signals()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
