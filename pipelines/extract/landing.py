"""A landed snapshot on disk: written here, read here, so that its format is said once.

    list-00001.ndjson.zst   list pages as sent, one a line
    show-00001.ndjson.zst   ShowBackup answers as sent, one a line
    manifest.json           written last; a folder without one is no snapshot

Bodies keep every byte but line breaks, which JSON allows only between tokens and which become spaces.
Enters: bodies. Leaves: `Snapshot`s, and their lines with the place each stands at.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from pipelines.home import Home, open_private, private_folder, write_json
from pipelines.problem import Problem

FORMAT = 1
MANIFEST = "manifest.json"
LIST, SHOW = "list", "show"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the manifest says of one snapshot of one scope."""

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
    listed: int
    shown: int
    vanished: tuple[str, ...]
    requests: int
    retries: int
    parts: dict[str, dict[str, Any]]  # file name -> {sha256, lines}

    @property
    def seconds(self) -> float:
        """How long reading took."""
        return (self.finished_at - self.as_of).total_seconds()


class Part:
    """One compressed part of a landing folder, open for writing."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Create it; the number leaves room for more parts of the same kind."""
        self.path = folder / f"{kind}-00001.ndjson.zst"
        self.lines = 0
        self._out = pa.CompressedOutputStream(os.fdopen(open_private(self.path), "wb"), "zstd")

    def write(self, body: bytes) -> None:
        """Add one body as one line."""
        self._out.write(body.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n")
        self.lines += 1

    def close(self) -> None:
        """Finish the part and force it to the disk, before the manifest may name it."""
        if not self._out.closed:
            self._out.close()
            with self.path.open("rb") as written:
                os.fsync(written.fileno())

    def entry(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        with self.path.open("rb") as file:
            return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "lines": self.lines}


class Landing:
    """The landing folder of one snapshot while it is being written."""

    def __init__(self, home: Home, scope: str, snapshot_id: str) -> None:
        """Make the folder; one that an earlier run left unfinished is taken over and emptied."""
        self.folder = home.landed(scope, snapshot_id)
        private_folder(self.folder)
        for left in self.folder.iterdir():
            left.unlink()
        self._parts = {kind: Part(self.folder, kind) for kind in (LIST, SHOW)}

    def __enter__(self) -> "Landing":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for part in self._parts.values():
            part.close()

    def write(self, kind: str, body: bytes) -> None:
        """Land one body of `kind`."""
        self._parts[kind].write(body)

    def commit(self, **about: Any) -> Snapshot:
        """Write the manifest: from now on the snapshot exists. `about` are the fields of Snapshot but `parts`."""
        for part in self._parts.values():
            part.close()
        snapshot = Snapshot(**about, parts={part.path.name: part.entry() for part in self._parts.values()})
        content = asdict(snapshot) | {"format": FORMAT}
        content |= {key: content[key].isoformat() for key in ("as_of", "finished_at")}
        write_json(self.folder / MANIFEST, content)
        return snapshot


def exists(home: Home, scope: str, snapshot_id: str) -> bool:
    """Tell whether the snapshot is landed."""
    return (home.landed(scope, snapshot_id) / MANIFEST).exists()


def snapshots(home: Home) -> list[Snapshot]:
    """Return every landed snapshot, by scope and time. Raises Problem where a manifest can't be understood."""
    return sorted(
        (_read(path) for path in home.landing.glob(f"*/*/{MANIFEST}")), key=lambda s: (s.scope, s.snapshot_id)
    )


def current(landed: list[Snapshot]) -> list[Snapshot]:
    """Return the newest complete snapshot of each scope that has one."""
    return list({snapshot.scope: snapshot for snapshot in landed if snapshot.complete}.values())


def lines(home: Home, snapshot: Snapshot, kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies of `kind`, each with the part and line it stands at."""
    for name in sorted(snapshot.parts):
        if not name.startswith(kind):
            continue
        path = home.landed(snapshot.scope, snapshot.snapshot_id) / name
        with pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd") as stream:
            for number, line in enumerate(_split(stream), start=1):
                yield f"{name}:{number}", line


def _split(stream: pa.CompressedInputStream) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _read(path: Path) -> Snapshot:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise Problem(f"{path} has format {content['format']}", "Use the version of cbr-warehouse that wrote it.")
        about = {f.name: content[f.name] for f in fields(Snapshot)}
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{path} is damaged: {error!r}", "Restore it from a copy, or remove its folder.") from None
    about |= {key: datetime.fromisoformat(about[key]) for key in ("as_of", "finished_at")}
    return Snapshot(**about | {"vanished": tuple(about["vanished"])})
