"""How fast landing becomes Parquet: against merely parsing the same lines, and against other tools.

`python -m tests.benchmarks.normalize --backups 100000` lands server backups in ShowBackup's shape, 2.5 disks each
on average, one in a hundred odd in one of nine ways, and makes the four tables of them; then the same with a key in
every body that the contract does not know. Each way runs in a process of its own after a small landing that warms it
up. Memory is that of the process and of those that it started together, looked at twenty times a second. The rivals
get `--rivals` backups, as they are slow; what is compared is backups a second, and rows must agree with ours. Needs
`pip install -e '.[bench]'`.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from pipelines.flow.normalize import normalize_snapshot
from pipelines.landing.manifest import SHOW, SUFFIX, read_snapshots
from pipelines.landing.reader import part_lines
from pipelines.storage.home import Home
from tests.benchmarks import bodies
from tests.benchmarks.rivals import RIVALS, Rows

WARM_UP = 2_000
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


def _measured(way: Way, warm_up: Path, home: Path, pipe: Connection) -> None:
    way(Home(warm_up))
    pipe.send(way(Home(home)))


def measure(way: Way, warm_up: Path, home: Path) -> tuple[float, Rows, float]:
    """Return seconds, rows by table and the peak memory in MB of one way, run in a process of its own."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measured, args=(way, warm_up, home, send))
    process.start()
    send.close()
    peak = 0.0
    while not receive.poll(0.05):
        peak = max(peak, _memory(process.pid or 0))
    try:
        seconds, rows = receive.recv()
    finally:
        process.join()
    return seconds, rows, peak


def _memory(pid: int) -> float:
    """MB that a process and its children hold at this moment."""
    held = 0.0
    with suppress(OSError):  # it ended just now
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            held += int(line.split()[1]) / 1024 if line.startswith("VmRSS") else 0
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            held += sum(_memory(int(child)) for child in children.read_text().split())
    return held


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--backups", type=int, default=100_000)
    options.add_argument("--rivals", type=int, default=20_000, help="backups that the other tools get")
    options.add_argument("--only-ours", action="store_true")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm_up, large, drifted, small = (Path(folder) / name for name in ("warm_up", "large", "drifted", "small"))
        for home, count in ((warm_up, WARM_UP), (large, told.backups), (small, min(told.rivals, told.backups))):
            bodies.land(Home(home), count)
        bodies.land(Home(drifted), told.backups, new_key=True)
        print("| way | backups/s | ours is | peak MB |\n|---|---|---|---|")
        parse_seconds, lines, _ = measure(parsing, warm_up, large)
        seconds, _, peak = measure(ours, warm_up, large)
        drifted_seconds, _, drifted_peak = measure(ours, warm_up, drifted)
        speed, drifted_speed = told.backups / seconds, told.backups / drifted_seconds
        parsed = lines["backups"] / parse_seconds
        print(f"| **landing to four Parquet tables, all cores** | {speed:,.0f} | | {peak:,.0f} |")
        print(
            f"| the same, every line has one new key | {drifted_speed:,.0f} | {speed / drifted_speed:.1f}x | {drifted_peak:,.0f} |"
        )
        print(f"| merely parsing the same lines with orjson, one thread | {parsed:,.0f} | {speed / parsed:.2f}x | |")
        if told.only_ours:
            return
        _, wanted, _ = measure(ours, warm_up, small)
        for name in RIVALS:
            taken, got, held = measure(rival(name), warm_up, small)
            if got != wanted:
                raise SystemExit(f"{name} made {got}, ours {wanted}")
            pace = wanted["backups"] / taken
            print(f"| {name} | {pace:,.0f} | {speed / pace:.1f}x | {held:,.0f} |")


if __name__ == "__main__":
    main()
