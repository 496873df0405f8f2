"""How long the extraction takes on a first and on a quiet day, beside a client that reads one backup at a time.

`python -m tests.benchmarks.fetch` serves 20,000 server backups in a process of its own, each answer after 20 ms,
and reads them with the default settings but without a rate limit. On the quiet day
one backup in a hundred has changed. The naive client uses one connection and knows no yesterday.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests
import yaml

from pipelines import clock
from pipelines.config import Settings
from pipelines.extract.scopes import land_scopes
from pipelines.landing.manifest import Snapshot
from pipelines.sandbox.server import serve_store
from pipelines.sandbox.store import Body, GeneratedStore
from pipelines.storage.home import Home
from tests.given import server

FIRST_DAY = datetime(2026, 3, 1, 2)
_TEMPLATE = server("template")


class Estate:
    """Backups by number. `day` moves the record of one in a hundred."""

    def __init__(self) -> None:
        self.day = 0

    def make(self, number: int) -> Body:
        created = FIRST_DAY - timedelta(minutes=200_000 - number)
        changed = self.day if number % 100 == 0 else 0
        identity = {"id": id_of(number), "resource_id": f"server-{number % 1000}", "created_at": created.isoformat()}
        child = _TEMPLATE["children"][0] | {"id": f"child-{number}", "parent_id": identity["id"]}
        return _TEMPLATE | identity | {"updated_at": f"2026-03-0{1 + changed}T01:00:00", "children": [child]}


def id_of(number: int) -> str:
    return f"backup-{number:08}"


def serve(count: int, latency: float, pipe: Connection) -> None:
    """Serve until `None` is received; answer each message with the requests since the last one."""
    estate = Estate()
    with serve_store(GeneratedStore(count, estate.make, id_of)) as service:
        service.latency = latency
        pipe.send(service.cloud())
        while (day := pipe.recv()) is not None:
            estate.day = day
            pipe.send(Counter(service.requests))
            service.requests.clear()


@contextmanager
def service(count: int, latency: float) -> Iterator[tuple[dict[str, Any], Connection]]:
    connection, service_connection = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(count, latency, service_connection))
    process.start()
    try:
        yield connection.recv(), connection
    finally:
        connection.send(None)
        process.join()


def read(home: Home, day: int) -> Snapshot:
    """Read once, on that day."""
    now = FIRST_DAY + timedelta(days=day)
    began = time.monotonic()
    clock.utc_now = lambda: now + timedelta(seconds=time.monotonic() - began)
    settings = Settings.load(str(home.path), {"CBR_CLOUDS": "bench", "CBR_REQUESTS_PER_SECOND": "1000000"})
    [result] = land_scopes(home, settings, lambda *_: None)
    if result.snapshot is None:
        raise SystemExit(str(result.problem))
    return result.snapshot


def naive(cloud: dict[str, Any], shows: int) -> float:
    """List, then show one by one; return the seconds of one show."""
    auth = cloud["auth"]
    user = {"name": auth["username"], "password": auth["password"], "domain": {"name": auth["user_domain_name"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body: dict[str, Any] = {"auth": {"identity": identity, "scope": {"project": {"name": auth["project_name"]}}}}
    response = requests.post(f"{auth['auth_url']}/auth/tokens", json=body, timeout=60)
    token = response.headers["X-Subject-Token"]
    url = next(entry["endpoints"][0]["url"] for entry in response.json()["token"]["catalog"] if entry["type"] == "cbr")
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = token
        began = time.perf_counter()
        for number in range(shows):
            session.get(f"{url}/backups/{id_of(number)}", timeout=60).json()
        return (time.perf_counter() - began) / shows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backups", type=int, default=20_000)
    parser.add_argument("--latency", type=float, default=20.0, help="milliseconds")
    parser.add_argument("--naive", type=int, default=2_000, help="backups that the naive client shows")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, service(chosen.backups, chosen.latency / 1000) as (cloud, pipe):
        path = Path(folder) / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": {"bench": cloud}}))
        os.environ["OS_CLIENT_CONFIG_FILE"] = str(path)
        home = Home(Path(folder) / "home")
        home.prepare()
        rows = []
        for day, name in enumerate(("first day", "quiet day")):
            pipe.send(day)
            pipe.recv()
            began = time.perf_counter()
            snapshot = read(home, day)
            seconds = time.perf_counter() - began
            pipe.send(day)
            rows.append((name, seconds, snapshot, pipe.recv()))
        naive_seconds = naive(cloud, chosen.naive)
        expected = naive_seconds * chosen.backups
        print(f"{chosen.backups} server backups, {chosen.latency:g} ms an answer")
        print(
            f"{'':10} {'seconds':>8} {'requests':>9} {'lists':>6} {'shows':>7} {'reused':>7} {'complete':>9} {'naive/ours':>11}"
        )
        for name, seconds, snapshot, counts in rows:
            print(
                f"{name:10} {seconds:8.1f} {counts.total():9} {counts['list']:6} {counts['show']:7} {snapshot.reused:7} "
                f"{snapshot.complete!s:>9} {expected / seconds:11.1f}"
            )
        print(f"naive: {naive_seconds * 1000:.1f} ms a show over {chosen.naive}, so {expected:.0f} s for all, each day")


if __name__ == "__main__":
    main()
