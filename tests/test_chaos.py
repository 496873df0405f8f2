"""Faults by chance, and kills at random moments: a reading ends whole, or says that it is not.

`CBR_CHAOS_SEEDS=200 pytest tests/test_chaos.py` runs the long form.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings
from pipelines.errors import WarehouseError
from pipelines.extract.scopes import land_scopes
from pipelines.extract.snapshot import land_scope
from pipelines.landing.manifest import LIST, SHOW, Snapshot, read_snapshots
from pipelines.landing.reader import part_lines, read_lines
from pipelines.landing.writer import LINES_A_FRAME
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.faults import Fault, Faults
from pipelines.sandbox.store import MemoryStore
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml, scope_run
from tests.given import Body, server, volume

# The environment of the tests is cleaned before each of them; this one is read when they are collected.
SEEDS = int(os.environ.get("CBR_CHAOS_SEEDS", "20"))


def estate(count: int) -> list[Body]:
    make = [server, server, volume]
    return [
        make[n % 3](f"b{n:03}", resource_id=f"r{n}", created_at=f"2026-02-{1 + n // 24:02}T{n % 24:02}:00:00")
        for n in range(count)
    ]


class Remembered(MemoryStore):
    """A store that remembers every set of ids it ever had."""

    def __init__(self, bodies: list[Body]) -> None:
        super().__init__(bodies)
        self.truths = [frozenset(self.ids())]

    def add(self, body: Body) -> None:
        super().add(body)
        self.truths.append(frozenset(self.ids()))

    def remove(self, backup_id: str) -> None:
        super().remove(backup_id)
        self.truths.append(frozenset(self.ids()))


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with serve([]) as served:
        yield served


def landed_ids(home: Home, snapshot: Snapshot) -> set[str]:
    pages = (json.loads(line) for _, line in read_lines(home, snapshot, LIST))
    return {str(item["id"]) for page in pages for item in page["backups"]} - set(snapshot.vanished)


def details_by_id(home: Home, snapshot: Snapshot) -> dict[str, Any]:
    bodies = (json.loads(line)["backup"] for _, line in read_lines(home, snapshot, SHOW))
    return {str(body["id"]): body for body in bodies}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_under_random_faults_a_reading_is_the_truth_or_says_that_it_is_not(
    home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("pipelines.extract.client.PAGE_SIZE", 10)
    monkeypatch.setattr("pipelines.extract.scope.READ_TIMEOUT", 0.3)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=service.cloud())))
    dice = random.Random(seed)
    store = Remembered(estate(dice.choice([0, 7, 25, 45])))
    service.cbr.backups = store
    kinds = tuple(dice.sample(list(Fault), dice.randint(2, 8)))
    service.faults = Faults.at_random(
        seed, share=dice.choice([0.05, 0.2, 0.5]), maximum=dice.randint(1, 15), faults=kinds
    )
    environ = {"CBR_CLOUDS": "prod", "CBR_REQUESTS_PER_SECOND": "100000"}
    environ["CBR_RETRY_SECONDS"] = dice.choice(["0.05", "5"])
    home.prepare()
    settings = Settings.load(str(home.path), environ)
    [reading] = land_scopes(home, settings, lambda *_: None)
    snapshot = reading.snapshot
    assert read_snapshots(home) == ([snapshot] if snapshot else [])
    if snapshot is None:
        assert re.search(
            "gave no valid response|keeps refusing its credentials|can't be reached|no token", str(reading.problem)
        )
        return
    if not snapshot.complete:
        assert snapshot.incomplete_reason
        return
    ids = landed_ids(home, snapshot)
    assert ids in store.truths
    bodies = details_by_id(home, snapshot)
    assert bodies.keys() >= {backup_id for backup_id in ids if (store.get(backup_id) or {}).get("children")}
    assert all(body == store.get(backup_id) for backup_id, body in bodies.items() if store.get(backup_id))


READ = """
import sys
from pathlib import Path
from pipelines.config import Settings
from pipelines.extract import client
from pipelines.extract.scopes import land_scopes
from pipelines.storage.home import Home
client.PAGE_SIZE = 50
settings = Settings.load(sys.argv[1])
home = Home(settings.home)
home.prepare()
with home.lock():
    [reading] = land_scopes(home, settings, lambda *_: None)
sys.exit(str(reading.problem) if reading.problem else 0)
"""


def test_a_reading_that_is_killed_goes_on_and_reads_nothing_again_that_it_has(
    home: Home, service: Sandbox, tmp_path: Path
) -> None:
    bodies = estate(300)
    service.cbr.backups = MemoryStore(bodies)
    service.latency = 0.02
    path = clouds_yaml(tmp_path, prod=service.cloud())
    environ = os.environ | {"CBR_CLOUDS": "prod", "OS_CLIENT_CONFIG_FILE": str(path), "CBR_CONCURRENCY": "4"}
    command = [sys.executable, "-c", READ, str(home.path)]
    dice = random.Random(7)
    kills = 0
    while kills < 12:
        process = subprocess.Popen(command, env=environ)
        seen = service.requests.total()
        deadline = time.monotonic() + 30
        # Wait for the first request, then for a random while: the moments spread over the whole reading.
        while service.requests.total() == seen and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(dice.uniform(0, 0.3))
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
    assert kills > 2
    subprocess.run(command, env=environ, check=True, timeout=60)
    [snapshot] = read_snapshots(home)
    assert snapshot.complete
    assert landed_ids(home, snapshot) == {body["id"] for body in bodies}
    truth = {str(body["id"]): body for body in bodies}
    assert details_by_id(home, snapshot) == truth
    lines = [line for _, line in read_lines(home, snapshot, SHOW)]
    assert len(lines) == len(truth)
    # What is lost with a kill is what was under way: one frame that was not full, and one request a thread.
    assert service.requests["show"] <= len(truth) + kills * (LINES_A_FRAME + 4)
    assert {path.name for path in home.landed("prod", snapshot.snapshot_id).iterdir()} == {
        "list-00001.ndjson.zst", "show-00001.ndjson.zst", "manifest.json",
    }  # fmt: skip


def test_an_unfinished_reading_that_is_too_old_is_begun_anew(
    home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.cbr.backups = MemoryStore(estate(30))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=service.cloud())))
    home.prepare()

    def read(resume_minutes: str, retry_seconds: str = "5") -> Snapshot:
        environ = {"CBR_RESUME_MINUTES": resume_minutes, "CBR_RETRY_SECONDS": retry_seconds}
        settings = Settings.load(str(home.path), environ, full=True)
        return land_scope(scope_run(home, settings))

    def fail() -> None:
        """Read half of it."""
        service.faults = Faults.script("show", [None] * 10 + [Fault.ERROR] * 1000)
        with pytest.raises(WarehouseError):
            read("60", retry_seconds="0.02")
        while any(thread.name.startswith("details of") for thread in threading.enumerate()):
            time.sleep(0.01)  # what is under way ends by itself, and lands nothing
        service.faults = Faults.script("show", [])
        service.requests.clear()

    fail()
    [part] = home.landing.glob("*/*/show-*.partial")
    landed_before = len(list(part_lines(part)))
    assert 0 < landed_before <= 10
    assert (read("60").shown, service.requests["show"], service.requests["list"]) == (30, 30 - landed_before, 0)
    fail()
    assert len([*home.landed_scope("prod").glob("snapshot_id=*")]) == 2
    snapshot = read("0.0000001")
    assert (snapshot.shown, service.requests["list"]) == (30, 2)
    assert len([*home.landed_scope("prod").glob("snapshot_id=*")]) == 2
