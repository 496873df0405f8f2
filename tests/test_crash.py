"""Runs that are killed between landing and publishing, and readers while files are published.

`CBR_CRASHES=100 pytest tests/test_crash.py` runs the long form.
"""

import os
import random
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.flow.build import build
from pipelines.storage.home import Home
from tests.given import AS_OF, Landed, land, publish, query, server

CRASHES = int(os.environ.get("CBR_CRASHES", "4"))

BUILD = """
import sys
from pathlib import Path
from pipelines.flow.build import replay
from pipelines.storage.home import Home
print("ready", flush=True)
replay(Home(Path(sys.argv[1])), None, sys.argv[2])
"""


def estate(day: int) -> Landed:
    """Forty servers, of which each day has one more backup."""
    bodies = [server(f"s{n}-{d}", resource_id=f"server-{n}") for n in range(40) for d in range(day + 1)]
    return Landed(bodies, as_of=AS_OF + timedelta(days=day))


def state(home: Home) -> list[tuple[object, ...]]:
    results = "SELECT * EXCLUDE (run_id) FROM compliance.control_results ORDER BY ALL"
    return [
        *query(home, results),
        *query(home, "SELECT scope, snapshot_id, is_current FROM meta.snapshots ORDER BY ALL"),
        *query(home, "SELECT id, valid_from, valid_to, last_seen FROM history.children ORDER BY ALL"),
        *query(home, "SELECT * FROM history.backup_lifecycle ORDER BY ALL"),
        *query(home, "SELECT * FROM compliance.protection_trend_daily ORDER BY ALL"),
    ]


def test_a_build_that_is_killed_leaves_a_whole_file_and_the_next_ends_as_if_nothing_was(
    home: Home, tmp_path: Path
) -> None:
    dice = random.Random(3)
    publish(home, estate(0))
    undisturbed = Home(tmp_path / "undisturbed")
    old = state(home)
    land(home, estate(1))
    publish(undisturbed, estate(0))
    new = state(publish(undisturbed, estate(1)))
    kills = 0
    for crash in range(CRASHES):
        command = [sys.executable, "-c", BUILD, str(home.path), f"run-{crash}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(timeout=dice.uniform(0, 2.5))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
        assert state(home) in (old, new)
    assert kills
    build(home, "last")
    assert state(home) == new
    assert [path.name for path in home.path.glob("warehouse*")] == ["warehouse.duckdb"]


READ = """
import sys
from pathlib import Path
from pipelines.storage.connection import connect
seen = set()
while not Path(sys.argv[2]).exists():
    with connect(sys.argv[1], read_only=True) as connection:
        run = connection.execute("SELECT run_id FROM meta.runs").fetchall()
        runs = connection.execute("SELECT DISTINCT run_id FROM compliance.control_results").fetchall()
        assert runs == run, (run, runs)
        seen.add(run[0][0])
print(len(seen))
"""


@pytest.mark.parametrize("readers", [2])
def test_readers_never_meet_an_error_or_two_versions_while_files_are_published(home: Home, readers: int) -> None:
    count = int(os.environ.get("CBR_READERS", readers))
    publish(home, estate(0), run_id="run-0")
    stop = home.path / "stop"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(home.warehouse), str(stop)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        for run in range(1, 1 + count):
            build(home, f"run-{run}")
    finally:
        threading.Timer(0.3, stop.touch).start()
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    assert max(int(answer) for answer in answers) > 1
