"""The second step: write the tables of what is landed, and fold them into the history."""

import hashlib
import time
from collections.abc import Iterable
from functools import partial

import msgspec

from pipelines.contract import meta
from pipelines.errors import WarehouseError
from pipelines.history.cleanup import remove_unused_history, settled_until
from pipelines.history.update import update_history
from pipelines.landing.manifest import LIST, SHOW, Snapshot, newest_complete, read_snapshots
from pipelines.landing.reader import read_blocks
from pipelines.normalize.snapshot import Normalizer
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.tables.cleanup import remove_unused_tables
from pipelines.tables.manifest import TableManifest, damaged_files, read_table_manifest
from pipelines.tables.writer import TableWriter

ALL = "all"  # instead of a snapshot's id


def normalize_landed(home: Home, again: Iterable[str] = ()) -> list[TableManifest]:
    """Write the tables of each scope's newest complete snapshot, unless they are there; return them.

    Complete ones that the history has not taken in are written too, and taken in, in their order. Snapshots whose
    id is in `again` are written anew, the newest or not, and so is the history. Call it while the home is locked.
    """
    landed = read_snapshots(home)
    for snapshot in landed:
        if snapshot.snapshot_id in again:
            home.table_manifest(snapshot.scope, snapshot.snapshot_id).unlink(missing_ok=True)
            normalize_snapshot(home, snapshot)
    scopes = list(dict.fromkeys(snapshot.scope for snapshot in landed))
    for scope in scopes:
        of_scope = [snapshot for snapshot in landed if snapshot.scope == scope]
        update_history(home, scope, of_scope, partial(normalize_snapshot, home), rebuild=bool(again))
    loaded = [normalize_snapshot(home, snapshot) for snapshot in newest_complete(landed)]
    now = time.time()
    remove_unused_tables(home, landed, settled_until(home, scopes), now)
    remove_unused_history(home, now)
    return loaded


def normalize_snapshot(home: Home, snapshot: Snapshot) -> TableManifest:
    """Write the tables of one landed snapshot, unless they are there; return them."""
    source = hashlib.sha256(msgspec.json.encode(snapshot.parts, order="sorted")).hexdigest()
    known = read_table_manifest(home, snapshot.scope, snapshot.snapshot_id)
    if known and known.source_sha256 == source and not damaged_files(home, known):
        return known
    shows, pages = (partial(read_blocks, home, snapshot, kind) for kind in (SHOW, LIST))
    normalizer = Normalizer(snapshot.scope, snapshot.snapshot_id, shows, pages, snapshot.vanished)
    with (
        disk_errors(home.path),
        TableWriter(home, snapshot.scope, snapshot.snapshot_id, synthetic=snapshot.is_sandbox) as writer,
    ):
        for piece in normalizer.pieces():
            writer.write(piece.tables, piece.records)
        writer.write({meta.DRIFT.name: normalizer.drift()})
    with disk_errors(home.path):
        return writer.commit(source)


def resolve_snapshot_ids(home: Home, snapshot_id: str) -> list[str]:
    """Return the ids of the landed snapshots that `snapshot_id`, or ALL, names. Raise StorageError if there is none."""
    known = sorted({snapshot.snapshot_id for snapshot in read_snapshots(home)})
    if snapshot_id == ALL:
        return known
    if snapshot_id not in known:
        newest = f"the newest is {known[-1]}" if known else "there is none"
        raise WarehouseError(
            f"no snapshot {snapshot_id} is landed in {home.path} ({newest})", "Name one that is there."
        )
    return [snapshot_id]
