"""Bodies read by several processes: the same rows in the same order, and no process is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pipelines.block import Block
from pipelines.problem import Problem

from pipelines.normalize import processes
from pipelines.normalize.processes import BlockReaders
from pipelines.normalize.snapshot import Normalizer
from tests.given import server
from tests.test_row_reader import _line

SNAPSHOT = "20260301T120000Z"
ENDLESS = """
import os, threading
from pipelines.normalize.processes import BlockReaders
from pipelines.normalize.snapshot import Normalizer
from pipelines.block import Block
import itertools, json
started = BlockReaders._start
def start(self):
    started(self)
    print(*(worker._process.pid for worker in self._workers), flush=True)
BlockReaders._start = start
line = json.dumps({"backup": {"id": "b1"}}).encode()
blocks = (Block.of("show", [json.dumps({"backup": {"id": f"{n}-{m}"}}).encode() for m in range(500)]) for n in itertools.count())
for batch in Normalizer("prod", "20260301T120000Z", lambda: blocks, list, processes=2, worth_processes=0).batches():
    pass
"""


def blocks() -> list[Block]:
    """Blocks with what is read in each way: new keys, odd lines, and ids that two blocks have."""
    odd = [server("b1", resource_size="40"), server("twice", resource_size="40"), server("b2", later=1)]
    plain = [server(f"plain-{n}", created_at="2026-01-01T00:00:00Z") for n in range(20)]
    return [
        Block.of(f"show-{n}", map(_line, [*odd, *plain, server("twice"), server(f"own-{n}", **{f"key-{n}": n})]))
        for n in range(12)
    ]


def test_several_processes_give_the_same_rows_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for count in (1, 3):
        # Each block waits for the processes: else this one would read them all before they are there.
        monkeypatch.setattr(processes._Worker, "is_ready", lambda self: True)
        normalizer = Normalizer(
            "prod", SNAPSHOT, blocks, lambda: [Block.of("list", [])], processes=count, worth_processes=0
        )
        batches = list(normalizer.batches())
        names = batches[-1].tables
        tables = {name: pa.concat_tables([b.tables[name] for b in batches if name in b.tables]) for name in names}
        found.append((tables, normalizer.drift(), sum((b.records for b in batches), start=batches[0].records)))
    assert found[0] == found[1]
    assert found[0][0]["backups"].num_rows == 12 + 20 + 3


def test_a_process_that_dies_is_a_problem_and_not_a_hang() -> None:
    readers = BlockReaders(2, 0)
    try:
        readers._start()
        for worker in readers._workers:
            worker.kill()
        while not all(worker.is_ready() for worker in readers._workers):
            time.sleep(0.01)
        with pytest.raises(Problem, match="ended with -9"):
            readers.submit(blocks()[0].data).result(timeout=60)
    finally:
        readers.close()


def test_a_system_that_gives_no_process_leaves_the_work_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", refuse)
    readers = BlockReaders(2, 0)
    assert readers.submit(_line(server()) + b"\n").result().tables["backups"].num_rows == 1
    readers.close()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as parent:
        assert parent.stdout
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        time.sleep(2)  # so that they are at work
        parent.send_signal(number)
        parent.wait(timeout=60)
    deadline = time.monotonic() + 60
    while any(map(_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, workers))
