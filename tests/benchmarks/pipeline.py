"""How long a run takes from landing to the published warehouse, with all models, and what it needs.

`python -m tests.benchmarks.pipeline --backups 1000000` lands a day of that many server backups, 2.5 disks each, with
the list pages that name them, and the day after, on which one backup in thirty-five has expired and as many are new. Each
step of each day runs in a process of its own: seconds, seconds of CPU, peak memory.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from pipelines.flow.build import build_draft, publish_draft
from pipelines.flow.normalize import normalize_landed
from pipelines.storage.home import Home
from tests.benchmarks import bodies


def normalize(home: Home) -> None:
    normalize_landed(home)


def publish(home: Home) -> None:
    publish_draft(home, build_draft(home, "benchmark"))


STEPS: dict[str, Callable[[Home], None]] = {"normalize and fold": normalize, "build, audit and publish": publish}


def _measured(step: Callable[[Home], None], home: Path, pipe: Connection) -> None:
    begun = time.perf_counter()
    step(Home(home))
    used = os.times()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send((time.perf_counter() - begun, used.user + used.system, peak))


def measure(step: Callable[[Home], None], home: Path) -> tuple[float, float, float]:
    """Return seconds, seconds of CPU and the peak memory in MB of one step, run in a process of its own."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_measured, args=(step, home, send))
    process.start()
    send.close()
    measured: tuple[float, float, float] = receive.recv()
    process.join()
    return measured


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--backups", type=int, default=1_000_000)
    options.add_argument("--days", type=int, default=2)
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        print("| day | step | seconds | CPU seconds | peak MB |\n|---|---|---|---|---|", flush=True)
        for day in range(told.days):
            bodies.land(home, told.backups, day=day, listed=True)
            total = 0.0
            for name, step in STEPS.items():
                seconds, used, peak = measure(step, home.path)
                total += seconds
                print(f"| {day + 1} | {name} | {seconds:.1f} | {used:.1f} | {peak:,.0f} |", flush=True)
            print(f"| {day + 1} | **landing to published** | **{total:.1f}** | | |", flush=True)
        print(f"\nwarehouse.duckdb: {home.warehouse.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
