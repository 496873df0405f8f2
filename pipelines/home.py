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

Belongs here: paths, private modes, writing a small file in one step, and reading it. Does not belong here: what stands
in the files.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import quote, unquote

from pipelines.problem import Problem

T = TypeVar("T")
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

_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


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
    def held(self, patience: float = 0.0) -> Iterator[None]:
        """Keep every other run out of the home for as long as the block lasts.

        Raises Problem where one is in it, and still is after `patience` seconds.
        """
        with writing(self.path):
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as lock:
            until = time.monotonic() + patience
            while not _locked(lock):
                if time.monotonic() >= until:
                    raise Problem(
                        f"another run, process {lock.read() or 'unknown'}, is at work in {self.path}",
                        "Wait until it has ended, and run again.",
                        may_pass=True,
                    )
                time.sleep(min(1.0, patience))
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

    def table_manifests(self, scope: str) -> list[Path]:
        """Return the manifests of all tables that there are of a scope."""
        return [path for path in self.tables.glob(f"manifests/{_place(scope)}/snapshot_id=*.json") if path.is_file()]

    def scopes(self) -> list[str]:
        """Return every scope of which there are tables, a history or results."""
        places = {path.name for path in self.tables.glob("manifests/scope=*")}
        for folder in ("manifests", "judged"):
            places |= {path.stem for path in (self.histories / folder).glob("scope=*.json")}
        return sorted(unquote(place.removeprefix("scope=")) for place in places)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
        place = Path(error.filename2 or error.filename or path)
        in_the_way = error.errno in _IN_THE_WAY and place != path
        raise Problem(
            f"{place} can't be written: {error.strerror or error}",
            "Move it away and run again."
            if in_the_way
            else "Choose a folder that you may write with --home DIR or CBR_HOME.",
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


def private_copy(source: Path, target: Path) -> None:
    """Copy a file for its owner alone, whatever the mode of the source."""
    private_folder(target.parent)
    with source.open("rb") as file, os.fdopen(open_private(target), "wb") as copy:
        shutil.copyfileobj(file, copy)


def sha256_of(path: Path) -> str:
    """Return the hash of a file, nothing where there is none. Raises Problem where it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except OSError as error:
        raise Problem(f"{path} can't be read: {error.strerror}", "Restore it from a copy, or mend the disk.") from None


def read_json(path: Path, parse: Callable[[Any], T], cure: str) -> T | None:
    """Return what `parse` makes of a file of JSON, None where there is none. Raises Problem where it is damaged.

    `parse` may raise whatever comes of content that has not the shape it should have.
    """
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        how = error.strerror if isinstance(error, OSError) else repr(error)
        raise Problem(f"{path} is damaged: {how}", cure) from None


def files_in(content: Any) -> dict[str, list[str]]:
    """Return the files that a manifest names, by table. Raises ValueError where one is not a path below the home."""
    files = {str(table): [Path(name) for name in names] for table, names in content.items()}
    for path in (path for paths in files.values() for path in paths):
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{str(path)!r} is not below the home")
    return {table: [str(path) for path in paths] for table, paths in files.items()}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` so that a reader sees all of it or nothing."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with os.fdopen(open_private(draft), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
