"""The layout of a home folder: where each step's files lie. Said once.

    landing/scope=S/snapshot_id=T/*.ndjson.zst, manifest.json    what the service said
    tables/<table>/scope=S/snapshot_id=T/*.parquet               the normalized tables
    tables/manifests/scope=S/snapshot_id=T.json                  which of those files count
    history/<table>/scope=S/*.parquet                            what every record was, and when
    history/manifests/scope=S.json, history/judged/scope=S.json  which of those files count
    evidence/T/                                                  what proves the results of a snapshot
    reports/T/compliance.html, compliance.xlsx                   what people read; latest points at the newest
    policy.yaml, waivers.yaml                                    what is demanded, and what is accepted
    warehouse.duckdb                                             what analysts open

Belongs here: paths, private modes, and writing a small file in one step. Does not belong here: what stands
in the files.
"""

import errno
import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines.problem import Problem

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EIO,
}


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one warehouse."""

    path: Path

    def prepare(self) -> None:
        """Make the folder, for its owner alone. Raises Problem where it can't be written."""
        with writing(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.path / f".probe-{uuid.uuid4().hex}"
            probe.touch(mode=0o600)
            probe.unlink()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other run out of the home for as long as the block lasts. Raises Problem where one is in it."""
        with writing(self.path):
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem(
                    f"another run, process {lock.read() or 'unknown'}, is at work in {self.path}",
                    "Wait until it has ended, and run again.",
                    may_pass=True,
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
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
    def warehouse(self) -> Path:
        """The published DuckDB file."""
        return self.path / "warehouse.duckdb"

    def draft(self, run_id: str) -> Path:
        """The file that a run builds in, beside the published one so that a rename is enough."""
        return self.path / f"warehouse.{run_id}.draft.duckdb"

    def landed_scope(self, scope: str) -> Path:
        """The folder of all that was landed of one scope."""
        return self.landing / _place(scope)

    def landed(self, scope: str, snapshot_id: str) -> Path:
        """The folder of one landed snapshot."""
        return self.landed_scope(scope) / f"snapshot_id={snapshot_id}"

    def table(self, table: str, scope: str, snapshot_id: str) -> Path:
        """The folder of the Parquet files of one table of one snapshot."""
        return self.tables / table / _place(scope) / f"snapshot_id={snapshot_id}"

    def history(self, table: str, scope: str) -> Path:
        """The folder of the Parquet files of one table of a scope's history."""
        return self.histories / table / _place(scope)

    def history_manifest(self, scope: str) -> Path:
        """The file that says which Parquet files make a scope's history."""
        return self.histories / "manifests" / f"{_place(scope)}.json"

    def judged_manifest(self, scope: str) -> Path:
        """The file that says which Parquet files hold the results of a scope's snapshots."""
        return self.histories / "judged" / f"{_place(scope)}.json"

    def table_manifest(self, scope: str, snapshot_id: str) -> Path:
        """The file that says which Parquet files make a snapshot."""
        return self.tables / "manifests" / _place(scope) / f"snapshot_id={snapshot_id}.json"


def _place(scope: str) -> str:
    return f"scope={quote(scope, safe='')}"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses below `path` into a Problem that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(path) from error
        if error.errno not in _REFUSED:
            raise
        raise Problem(
            f"{path} can't be written: {error.strerror or error}",
            "Choose a folder that you may write with --home DIR or CBR_HOME.",
        ) from error


def disk_full(path: Path) -> Problem:
    """Return the problem of a disk on which nothing more fits."""
    return Problem(f"the disk of {path} is full", "Free some space and run again; what is there stays.")


def private_folder(path: Path) -> None:
    """Make `path` and its parents, for their owner alone."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def open_private(path: Path) -> int:
    """Create `path` for its owner alone and return a descriptor to write it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def sha256_of(path: Path) -> str:
    """Return the hash of a file, nothing where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` so that a reader sees all of it or nothing."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with os.fdopen(open_private(draft), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
