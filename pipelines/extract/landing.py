"""A landed snapshot on disk: its manifest, its parts, and how they are read.

    list-00001.ndjson.zst   list pages as sent, one a line
    show-00001.ndjson.zst   ShowBackup answers as sent, one a line; more parts follow when one is full
    show-ID-00001...        the same, reused from the snapshot ID, in which they were read
    manifest.json           written last; a folder without one is no snapshot
    attempt.json            in the scope's folder: how the last reading of the scope ended

Bodies keep every byte but line breaks, which JSON allows only between tokens and which become spaces.
Does not belong here: writing while a snapshot is read (draft.py).
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.block import Block, blocks_of
from pipelines.home import Home, sha256_of, write_json
from pipelines.problem import Problem

FORMAT = 1
MANIFEST, ATTEMPT = "manifest.json", "attempt.json"
LIST, SHOW = "list", "show"
SUFFIX = ".ndjson.zst"


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
    looks: int  # how often the list was read until it stood still
    listed: int
    shown: int
    reused: int
    unread: int  # listed, but their details were not to be had
    vanished: tuple[str, ...]
    requests: int
    retries: int
    parts: dict[str, dict[str, Any]]  # file name -> {sha256, lines}
    confirmed: bool = False  # most of the last one's backups are gone, and a second reading of the list said so too

    @property
    def seconds(self) -> float:
        """How long reading took."""
        return (self.finished_at - self.as_of).total_seconds()


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the last reading of a scope ended: with a snapshot, or with a problem."""

    scope: str
    at: datetime
    problem: str | None
    may_pass: bool = False  # the problem may heal without anybody doing something
    failures: int = 0  # readings in a row that gave no snapshot, this one included


def write_manifest(home: Home, snapshot: Snapshot) -> None:
    """Make the snapshot exist."""
    content = asdict(snapshot) | {"format": FORMAT}
    content |= {key: content[key].isoformat() for key in ("as_of", "finished_at")}
    write_json(home.landed(snapshot.scope, snapshot.snapshot_id) / MANIFEST, content)


def write_attempt(home: Home, attempt: Attempt) -> None:
    """Remember how the reading of a scope ended."""
    write_json(home.landed_scope(attempt.scope) / ATTEMPT, asdict(attempt) | {"at": attempt.at.isoformat()})


def places(home: Home) -> dict[str, tuple[str, str | None]]:
    """Return the project and region of the newest snapshot of each scope; nothing of one whose manifest is damaged."""
    of_scopes = {}
    for folder in home.landing.glob("*"):
        try:
            newest = _content(max(folder.glob(f"*/{MANIFEST}")))
            of_scopes[str(newest["scope"])] = (str(newest["project_id"]), newest["region"])
        except (OSError, Problem, KeyError, ValueError):
            continue
    return of_scopes


def failures_before(home: Home, scope: str) -> int:
    """Return how many readings of a scope in a row gave no snapshot, up to now."""
    try:
        return int(_content(home.landed_scope(scope) / ATTEMPT)["failures"])
    except (OSError, Problem, KeyError, TypeError, ValueError):
        return 0


def snapshots(home: Home, scope: str | None = None) -> list[Snapshot]:
    """Return every landed snapshot, or those of one scope, by scope and time.

    Raises Problem where a manifest can't be understood.
    """
    folders = home.landing.glob("*") if scope is None else [home.landed_scope(scope)]
    found = [_snapshot(path) for folder in folders for path in folder.glob(f"*/{MANIFEST}")]
    return sorted(found, key=lambda snapshot: (snapshot.scope, snapshot.snapshot_id))


def attempts(home: Home) -> list[Attempt]:
    """Return how the last reading of each scope ended, by scope.

    A run that was killed may have landed a snapshot and not said so: the snapshot speaks for itself.
    """
    found: dict[str, Attempt] = {}
    for path in home.landing.glob(f"*/{ATTEMPT}"):
        content = _content(path)
        try:
            at = datetime.fromisoformat(content["at"])
            attempt = Attempt(content["scope"], at, content["problem"], content["may_pass"], content["failures"])
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, repr(error)) from None
        found[attempt.scope] = attempt
    for snapshot in snapshots(home):
        known = found.get(snapshot.scope)
        if known is None or known.at < snapshot.finished_at:
            found[snapshot.scope] = Attempt(snapshot.scope, snapshot.finished_at, None)
    return [found[scope] for scope in sorted(found)]


def current(landed: list[Snapshot]) -> list[Snapshot]:
    """Return the newest complete snapshot of each scope that has one."""
    return list({snapshot.scope: snapshot for snapshot in landed if snapshot.complete}.values())


def lines(home: Home, snapshot: Snapshot, kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies of `kind`, each with the part and line it stands at."""
    for block in blocks(home, snapshot, kind):
        for number, line in enumerate(block.lines()):
            yield block.source(number), line


def blocks(home: Home, snapshot: Snapshot, kind: str) -> Iterator[Block]:
    """Yield the bodies of `kind`, many at a time. Raises Problem where a part is not what the manifest says."""
    for name in sorted(snapshot.parts):
        if name.startswith(kind):
            path = home.landed(snapshot.scope, snapshot.snapshot_id) / name
            if sha256_of(path) != snapshot.parts[name]["sha256"]:
                raise damaged(path, "it is not what the manifest says")
            yield from part_blocks(path)


def damaged(path: Path, how: object) -> Problem:
    """Return the problem of a landed file that is not what it was."""
    return Problem(f"{path} is damaged: {how}", "Restore it from a copy, or remove its folder.")


def part_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of one part. Raises Problem where it can't be read to its end."""
    for block in part_blocks(path):
        yield from block.lines()


def part_blocks(path: Path) -> Iterator[Block]:
    """Yield the lines of one part, many at a time. Raises Problem where it can't be read to its end."""
    try:
        with pa.OSFile(str(path), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
            yield from blocks_of(path.name, stream.readinto)
    except OSError as error:
        raise damaged(path, error) from None


def _snapshot(path: Path) -> Snapshot:
    content = _content(path)
    if content.get("format") != FORMAT:
        raise Problem(f"{path} has format {content.get('format')}", "Use the version of cbr-warehouse that wrote it.")
    try:
        about = {field.name: content[field.name] for field in fields(Snapshot)}
        about |= {key: datetime.fromisoformat(about[key]) for key in ("as_of", "finished_at")}
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, repr(error)) from None
    return Snapshot(**about | {"vanished": tuple(about["vanished"])})


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(path, error) from None
    if not isinstance(content, dict):
        raise damaged(path, "it is no object")
    return content
