"""Dagster's own pages of this code location, in a browser: they open, they explain, they ask for nothing elsewhere."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import Demo

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.fixture
def served(demo: Demo, tmp_path: Path) -> Iterator[str]:
    """The address of a webserver that has seen the run of the demo."""
    environ = os.environ | {"DAGSTER_HOME": str(demo.dagster_home), "CBR_HOME": str(demo.home.path)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    words = [str(BIN / "dagster-webserver"), "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(address, server, tmp_path / "log")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        with suppress(requests.ConnectionError):
            requests.get(f"{address}/server_info", timeout=5)
            return
        time.sleep(0.25)
    pytest.fail(log.read_text())


PAGES = {
    "/locations/cbr-warehouse/jobs/cbr_snapshot": [
        "Read every cloud, load and judge its backups, and publish the warehouse.",
    ],
    "/automation": ["cbr_snapshot_schedule", "report_after_publication", "notify_changes", "notify_failures"],
    "/assets/compliance/summary": [
        "One row per scope and control",
        "Fails if more than 26 hours since last materialization",
        "sandbox strict score",
    ],
    "/assets/reports/compliance": ["A page that says whether everything can be restored"],
    "/assets/controls/snapshot_complete?view=checks": [
        "gate_snapshot_complete",
        "The data is complete and up to date.",
    ],
    "/runs": ["cbr_snapshot", "scope/sandbox: complete"],
}


def test_every_page_opens_explains_itself_and_asks_for_nothing_elsewhere(browser: Any, served: str) -> None:
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith((served, "data:", "blob:")) else said.append(asked.url)
    )
    for path, words in PAGES.items():
        page.goto(served + path)
        for word in words:
            page.get_by_text(word).first.wait_for(timeout=30_000)
    page.close()
    assert said == []
