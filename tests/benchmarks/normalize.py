"""How fast landing becomes Parquet: against merely parsing the same lines, and against other tools.

`python -m tests.benchmarks.normalize --backups 100000` lands server backups in ShowBackup's shape, 2.5 disks each
on average, one in a hundred odd in one of nine ways, and makes the four tables of them. Each way runs in a process of
its own after a small landing that wakes it (imports, compiled code). The rivals get `--rivals` backups, as they are
slow; what is compared is backups a second, and rows must agree with ours. Needs `pip install -e '.[bench]'`.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from pipelines.flow.normalize import normalize_snapshot
from pipelines.landing.manifest import SHOW, SUFFIX, read_snapshots
from pipelines.landing.reader import part_lines
from pipelines.storage.home import Home
from tests.benchmarks import bodies
from tests.benchmarks.rivals import RIVALS, Rows

WAKING = 2_000
Way = Callable[[Home], tuple[float, Rows]]


def ours(home: Home) -> tuple[float, Rows]:
    [snapshot] = read_snapshots(home)
    begun = time.perf_counter()
    loaded = normalize_snapshot(home, snapshot)
    return time.perf_counter() - begun, {name: loaded.rows[name] for name in bodies.TABLES}


def parsing(home: Home) -> tuple[float, Rows]:
    """orjson.loads of each line, and nothing else: reading the lines is not counted."""
    import orjson

    seconds, lines = 0.0, 0
    for part in _parts(home):
        held = list(part_lines(part))
        begun = time.perf_counter()
        for line in held:
            orjson.loads(line)
        seconds += time.perf_counter() - begun
        lines += len(held)
    return seconds, {"backups": lines}


def rival(name: str) -> Way:
    def run(home: Home) -> tuple[float, Rows]:
        with tempfile.TemporaryDirectory(dir=home.path) as folder:
            begun = time.perf_counter()
            rows = RIVALS[name](_parts(home), Path(folder))
            return time.perf_counter() - begun, rows

    return run


def _parts(home: Home) -> list[Path]:
    return sorted(home.landing.glob(f"*/*/{SHOW}-*{SUFFIX}"))


def _measured(way: Way, waking: Path, home: Path, pipe: Connection) -> None:
    way(Home(waking))
    seconds, rows = way(Home(home))
    pipe.send((seconds, rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def measure(way: Way, waking: Path, home: Path) -> tuple[float, Rows, float]:
    """Return seconds, rows by table and the peak memory in MB of one way, run in a process of its own."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measured, args=(way, waking, home, send))
    process.start()
    send.close()
    try:
        measured: tuple[float, Rows, float] = receive.recv()
    finally:
        process.join()
    return measured


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--backups", type=int, default=100_000)
    options.add_argument("--rivals", type=int, default=20_000, help="backups that the other tools get")
    options.add_argument("--only-ours", action="store_true")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        waking, large, small = (Path(folder) / name for name in ("waking", "large", "small"))
        for home, count in ((waking, WAKING), (large, told.backups), (small, min(told.rivals, told.backups))):
            bodies.land(Home(home), count)
        print("| way | backups/s | ours is | peak MB |\n|---|---|---|---|")
        parse_seconds, lines, _ = measure(parsing, waking, large)
        seconds, _, peak = measure(ours, waking, large)
        speed = told.backups / seconds
        parsed = lines["backups"] / parse_seconds
        print(f"| **landing to four Parquet tables, both cores** | {speed:,.0f} | | {peak:,.0f} |")
        print(f"| merely parsing the same lines with orjson, one thread | {parsed:,.0f} | {speed / parsed:.2f}x | |")
        if told.only_ours:
            return
        _, wanted, _ = measure(ours, waking, small)
        for name in RIVALS:
            taken, got, held = measure(rival(name), waking, small)
            if got != wanted:
                raise SystemExit(f"{name} made {got}, ours {wanted}")
            pace = wanted["backups"] / taken
            print(f"| {name} | {pace:,.0f} | {speed / pace:.1f}x | {held:,.0f} |")


if __name__ == "__main__":
    main()
