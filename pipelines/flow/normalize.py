"""The second step: flatten landed snapshots into Parquet tables, and fold them into the history."""

import hashlib
import time
from collections.abc import Iterable
from functools import partial
from itertools import chain

import msgspec

from pipelines.contract import meta
from pipelines.errors import StorageError
from pipelines.history.cleanup import remove_unused_history, settled_until
from pipelines.history.update import update_history
from pipelines.landing.manifest import LIST, SHOW, Snapshot, newest_complete, read_snapshots
from pipelines.landing.reader import read_blocks
from pipelines.normalize.inputs import InputNormalizer
from pipelines.normalize.snapshot import Normalizer
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.tables.cleanup import remove_unused_tables
from pipelines.tables.manifest import TableManifest, damaged_files, read_table_manifest
from pipelines.tables.writer import TableWriter

ALL = "all"  # instead of a snapshot's id


def normalize_landed(home: Home, rewrite: Iterable[str] = ()) -> list[TableManifest]:
    """Write the missing tables of each scope's newest complete snapshot, and return the manifests.

    Complete snapshots that are not in the history are written and folded too, oldest first. The tables of the
    snapshot ids in `rewrite` are written again, and then the history is rebuilt. Call it while the home is locked.
    """
    rewrite = set(rewrite)
    snapshots = read_snapshots(home)
    for snapshot in snapshots:
        if snapshot.snapshot_id in rewrite:
            home.table_manifest(snapshot.scope, snapshot.snapshot_id).unlink(missing_ok=True)
            normalize_snapshot(home, snapshot)
    update_histories(home, snapshots, rebuild=bool(rewrite))
    manifests = [normalize_snapshot(home, snapshot) for snapshot in newest_complete(snapshots)]
    now = time.time()
    settled = settled_until(home, {snapshot.scope for snapshot in snapshots})
    remove_unused_tables(home, snapshots, settled, now)
    remove_unused_history(home, now)
    return manifests


def update_histories(home: Home, snapshots: list[Snapshot], *, rebuild: bool = False) -> None:
    """Fold the complete ones of `snapshots` into the history of their scope; see update_history."""
    for scope in dict.fromkeys(snapshot.scope for snapshot in snapshots):
        of_scope = [snapshot for snapshot in snapshots if snapshot.scope == scope]
        update_history(home, scope, of_scope, partial(normalize_snapshot, home), rebuild=rebuild)


def normalize_snapshot(home: Home, snapshot: Snapshot) -> TableManifest:
    """Return the tables of one landed snapshot, after writing them if they are missing or damaged."""
    source = hashlib.sha256(msgspec.json.encode(snapshot.parts, order="sorted")).hexdigest()
    manifest = read_table_manifest(home, snapshot.scope, snapshot.snapshot_id)
    if manifest and manifest.source_sha256 == source and not damaged_files(home, manifest):
        return manifest
    shows, pages = (partial(read_blocks, home, snapshot, kind) for kind in (SHOW, LIST))
    normalizer = Normalizer(snapshot.scope, snapshot.snapshot_id, shows, pages, snapshot.vanished)
    inputs = InputNormalizer(snapshot.scope, snapshot.snapshot_id, partial(read_blocks, home, snapshot))
    with (
        disk_errors(home.path),
        TableWriter(home, snapshot.scope, snapshot.snapshot_id, synthetic=snapshot.is_sandbox) as writer,
    ):
        for batch in chain(normalizer.batches(), inputs.batches()):
            writer.write(batch.tables, batch.records)
        writer.write({meta.DRIFT.name: normalizer.drift(inputs.drift)})
    with disk_errors(home.path):
        return writer.commit(source)


def resolve_snapshot_ids(home: Home, snapshot_id: str) -> list[str]:
    """Return the ids of the landed snapshots that `snapshot_id`, or ALL, names. Raise StorageError if there is none."""
    landed = sorted({snapshot.snapshot_id for snapshot in read_snapshots(home)})
    if snapshot_id == ALL:
        return landed
    if snapshot_id not in landed:
        newest = f"the newest is {landed[-1]}" if landed else "there is none"
        raise StorageError(
            f"no snapshot {snapshot_id} is landed in {home.path} ({newest})", "Name one that is there, or leave it out."
        )
    return [snapshot_id]
