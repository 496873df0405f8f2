"""The layout of a home: where each store's files lie, and the lock that keeps other runs out.

landing/scope=S/snapshot_id=T/*.ndjson.zst, manifest.json    response bodies as sent
tables/<table>/scope=S/snapshot_id=T/*.parquet               normalized tables
tables/manifests/scope=S/snapshot_id=T.json                  the files of each snapshot's tables
history/<table>/scope=S/*.parquet                            every version of every record
history/manifests/scope=S.json, history/judged/scope=S.json  the files of a scope's history and results
evidence/T/                                                  proof of the results of a snapshot
reports/T/compliance.html, compliance.xlsx                   reports; `latest` points at the newest
policy.yaml, waivers.yaml                                    requirements, and accepted failures
inputs/*.csv, *.parquet                                      what the user keeps elsewhere; only read
warehouse.duckdb                                             the published file
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

from pipelines.errors import HomeLockedError
from pipelines.storage.files import disk_errors


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one warehouse."""

    path: Path

    def prepare(self) -> None:
        """Create the folder, readable by its owner alone. Raise StorageError if it can't be written."""
        with disk_errors(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.path / f".probe-{uuid.uuid4().hex}"
            probe.touch(mode=0o600)
            probe.unlink()

    @contextmanager
    def lock(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Keep every other run out of the home while the block runs.

        Raises HomeLockedError if another run still holds the lock after `wait_seconds`.
        """
        with disk_errors(self.path):
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            deadline = time.monotonic() + wait_seconds
            while not _try_lock(file):
                if time.monotonic() >= deadline:
                    raise HomeLockedError(
                        f"another run, process {file.read() or 'unknown'}, is at work in {self.path}",
                        "Wait until it has ended, and run again.",
                        transient=True,
                    )
                time.sleep(min(1.0, wait_seconds))
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @property
    def landing(self) -> Path:
        """The folder of what the service said."""
        return self.path / "landing"

    @property
    def tables(self) -> Path:
        """The folder of the Parquet tables and their manifests."""
        return self.path / "tables"

    @property
    def histories(self) -> Path:
        """The folder of what every record was, and when."""
        return self.path / "history"

    @property
    def alerts(self) -> Path:
        """The folder of what people were told."""
        return self.path / "alerts"

    @property
    def evidence(self) -> Path:
        """The folder of the packs of evidence."""
        return self.path / "evidence"

    @property
    def reports(self) -> Path:
        """The folder of the reports."""
        return self.path / "reports"

    @property
    def inputs(self) -> Path:
        """The folder of the user's input files, which are only read."""
        return self.path / "inputs"

    @property
    def warehouse(self) -> Path:
        """The published DuckDB file."""
        return self.path / "warehouse.duckdb"

    def draft(self, run_id: str) -> Path:
        """The file that a run builds in, beside the published one so that a rename is enough."""
        return self.path / f"warehouse.{run_id}.draft.duckdb"

    def landed_scope(self, scope: str) -> Path:
        """The folder of all that was landed of one scope."""
        return self.landing / _scope_folder(scope)

    def landed(self, scope: str, snapshot_id: str) -> Path:
        """The folder of one landed snapshot."""
        return self.landed_scope(scope) / f"snapshot_id={snapshot_id}"

    def table(self, table: str, scope: str, snapshot_id: str) -> Path:
        """The folder of the Parquet files of one table of one snapshot."""
        return self.tables / table / _scope_folder(scope) / f"snapshot_id={snapshot_id}"

    def history(self, table: str, scope: str) -> Path:
        """The folder of the Parquet files of one table of a scope's history."""
        return self.histories / table / _scope_folder(scope)

    def history_manifest(self, scope: str) -> Path:
        """The file that says which Parquet files make a scope's history."""
        return self.histories / "manifests" / f"{_scope_folder(scope)}.json"

    def judged_manifest(self, scope: str) -> Path:
        """The file that says which Parquet files hold the results of a scope's snapshots."""
        return self.histories / "judged" / f"{_scope_folder(scope)}.json"

    def table_manifest(self, scope: str, snapshot_id: str) -> Path:
        """The file that says which Parquet files make a snapshot."""
        return self.tables / "manifests" / _scope_folder(scope) / f"snapshot_id={snapshot_id}.json"

    def table_manifests(self, scope: str) -> list[Path]:
        """Return the manifests of all tables that there are of a scope."""
        return [
            path for path in self.tables.glob(f"manifests/{_scope_folder(scope)}/snapshot_id=*.json") if path.is_file()
        ]

    def scopes(self) -> list[str]:
        """Return every scope of which there are tables, a history or results."""
        folders = {path.name for path in self.tables.glob("manifests/scope=*")}
        for folder in ("manifests", "judged"):
            folders |= {path.stem for path in (self.histories / folder).glob("scope=*.json")}
        return sorted(unquote(folder.removeprefix("scope=")) for folder in folders)


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _scope_folder(scope: str) -> str:
    return f"scope={quote(scope, safe='')}"
