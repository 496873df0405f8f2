"""What the manifest of a landed snapshot says.

    list-00001.ndjson.zst   list pages as sent, one per line
    vaults-00001..., ...    pages of another input as sent, one per line
    show-00001.ndjson.zst   ShowBackup bodies as sent, one per line; another part follows when one is full
    show-ID-00001...        bodies reused from snapshot ID, in which they were read
    manifest.json           written last; a folder without one is no snapshot

Bodies keep every byte but line breaks, which JSON allows only between tokens and which become spaces.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.errors import DamagedFileError, StorageError
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest

FORMAT = 1
MANIFEST = "manifest.json"
LIST, SHOW = "list", "show"
SUFFIX = ".ndjson.zst"
_HINT = "Restore it from a copy, or remove its folder."


class Part(msgspec.Struct, frozen=True):
    """The hash and the number of lines of one part."""

    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class InputReading:
    """How one input beside the backups was read; the inputs are in contract/inputs.py."""

    name: str
    status: str
    complete: bool = False  # every record was proven to be read
    problem: str | None = None  # why it was not read, or not proven complete
    records: int = 0
    read_from: datetime | None = None  # the period of a log that was read
    read_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One landed snapshot of one scope."""

    scope: str
    snapshot_id: str
    as_of: datetime
    finished_at: datetime
    complete: bool
    incomplete_reason: str | None
    is_sandbox: bool
    region: str | None
    project_id: str
    pages: int
    looks: int  # how often the list was read until two readings agreed
    listed: int
    shown: int
    reused: int
    unread: int  # listed, but their details could not be read
    vanished: tuple[str, ...]
    requests: int
    retries: int
    parts: dict[str, Part]  # by file name
    inputs: tuple[InputReading, ...] = ()
    domain_id: str | None = None  # of the account of the project
    confirmed: bool = False  # most of the previous backups are gone, and a second reading of the list agreed
    format: int = FORMAT

    @property
    def seconds(self) -> float:
        """How long reading took."""
        return (self.finished_at - self.as_of).total_seconds()


class _Format(msgspec.Struct):
    format: int = FORMAT


def write_snapshot(home: Home, snapshot: Snapshot) -> None:
    """Write the manifest: from now on the snapshot exists."""
    write_manifest(home.landed(snapshot.scope, snapshot.snapshot_id) / MANIFEST, snapshot)


def read_snapshots(home: Home, scope: str | None = None) -> list[Snapshot]:
    """Return every landed snapshot, or those of one scope, by scope and time.

    Raise StorageError if a manifest can't be read.
    """
    folders = home.landing.glob("*") if scope is None else [home.landed_scope(scope)]
    snapshots = [_read_snapshot(path) for folder in folders for path in folder.glob(f"*/{MANIFEST}")]
    return sorted(snapshots, key=lambda snapshot: (snapshot.scope, snapshot.snapshot_id))


def newest_complete(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Return the newest complete snapshot of each scope that has one."""
    return list({snapshot.scope: snapshot for snapshot in snapshots if snapshot.complete}.values())


def scope_locations(home: Home) -> dict[str, tuple[str, str | None]]:
    """Return project and region of the newest snapshot of each scope. A damaged manifest is skipped."""
    locations = {}
    for folder in home.landing.glob("*"):
        try:
            newest = _read_snapshot(max(folder.glob(f"*/{MANIFEST}")))
        except (ValueError, StorageError):
            continue
        locations[newest.scope] = (newest.project_id, newest.region)
    return locations


def damaged_error(path: Path, reason: object) -> DamagedFileError:
    """Return the error for a landed file that is not what was written."""
    return DamagedFileError(f"{path} is damaged: {reason}", _HINT)


def _read_snapshot(path: Path) -> Snapshot:
    header = read_manifest(path, _Format, _HINT)
    if header and header.format != FORMAT:
        raise StorageError(f"{path} has format {header.format}", "Use the version of cbr-warehouse that wrote it.")
    snapshot = read_manifest(path, Snapshot, _HINT)
    if snapshot is None:
        raise damaged_error(path, "it was removed while it was read")
    return snapshot
