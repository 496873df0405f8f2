"""Blocks read by several processes, where there are so many that it pays.

Processes start beside the first blocks, which this process reads itself meanwhile. They are plain children with two
pipes: safe to start whatever threads this process has, out of reach of a Ctrl-C at the terminal, and ended by the end
of their input should this process die.
"""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from select import select
from typing import BinaryIO, cast

from pipelines.errors import WarehouseError
from pipelines.normalize.block_reader import BlockTables, read_lines
from pipelines.normalize.worker import READY, receive_tables, write_message

WORTH_PROCESSES = 16 << 20  # bytes of lines; one process reads them within a fifth of a second
# Arrow needs neither numpy nor pandas here, but would import both to ask whether a tuple is a Series: most of a start.
_MAIN = "import sys; sys.modules.update(numpy=None, pandas=None); from pipelines.normalize.worker import main; main()"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class BlockReaders:
    """Reads blocks in this process, and in others as soon as they are ready. Close it in the end."""

    def __init__(self, processes: int, worth: int = WORTH_PROCESSES) -> None:
        """Start `processes` when more than `worth` bytes are to be read."""
        self._processes = processes
        self._worth = worth
        self._submitted = 0
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, data: bytes | bytearray) -> "Future[BlockTables]":
        """Read lines, or have them read."""
        self._submitted += len(data)
        if self._submitted > self._worth and self._processes > 1 and not self._workers:
            self._start()
        if self._threads is None and self._workers and all(worker.is_ready() for worker in self._workers):
            self._threads = ThreadPoolExecutor(self._processes)
        if self._threads is not None:
            return self._threads.submit(self._read, data)
        read: Future[BlockTables] = Future()
        read.set_result(read_lines(data))
        return read

    def close(self) -> None:
        """End the processes, whatever they do."""
        for worker in self._workers:
            worker.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._workers = []

    def _start(self) -> None:
        try:
            for _ in range(self._processes):
                self._workers.append(_Worker())
                self._idle.put(self._workers[-1])
        except OSError:  # the system gives no more of them
            self._processes = len(self._workers)

    def _read(self, data: bytes | bytearray) -> BlockTables:
        worker = self._idle.get()
        try:
            return worker.read(data)
        finally:
            self._idle.put(worker)


class _Worker:
    """A process that runs worker.py, with the packages that this one sees."""

    def __init__(self) -> None:
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            process_group=0,
        )
        self._lines, self._tables = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        self._ready = False

    def is_ready(self) -> bool:
        """Tell whether it has started, or died trying."""
        return bool(select([self._tables], [], [], 0)[0])

    def read(self, data: bytes | bytearray) -> BlockTables:
        """Have lines read. Raises Problem where the process is dead."""
        try:
            if not self._ready:
                self._ready = self._tables.read(1) == READY
            write_message(self._lines, data)
            return receive_tables(self._tables)
        except (EOFError, OSError):
            raise WarehouseError(
                f"a process that reads bodies ended with {self._process.wait()}",
                "Run again; -9 says that the system had no memory left for it.",
                transient=True,
            ) from None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Wait for its end."""
        with suppress(OSError):  # lines that it did not read
            self._lines.close()
        self._tables.close()
        self._process.wait()
