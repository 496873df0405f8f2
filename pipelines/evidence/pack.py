"""Write a pack of evidence: recompute the results of a snapshot and copy everything that they come from.

What is copied is in inputs.py, how results are computed in results.py.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq

from pipelines import clock
from pipelines.errors import EvidenceError
from pipelines.evidence.comparison import compare_with_published, compare_with_recorded
from pipelines.evidence.inputs import copy_home, copy_rules, copy_sql
from pipelines.evidence.manifest import MANIFEST, PackedSnapshot, PackManifest, previous_pack
from pipelines.evidence.results import evaluate_controls, hash_results, write_csv
from pipelines.evidence.snapshot_home import create_snapshot_home
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.models.project import project
from pipelines.policy.files import find_rule_files
from pipelines.policy.resolve import read_rules
from pipelines.storage.files import create_private, disk_errors, make_private_folder, sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import write_manifest
from pipelines.tables.manifest import TableManifest
from pipelines.warehouse.input_files import modified_times

CSV, PARQUET = "results.csv", "results.parquet"
_SNAPSHOT_HOME = ".past-"  # prefix of temporary folders in a home


def write_pack(home: Home, snapshot_id: str) -> Path:
    """Write the evidence of a snapshot, with the snapshots of other scopes that were current then.

    Return its folder. Raise EvidenceError if it is incomplete, already has a pack, or gives other results now.
    """
    folder = home.evidence / snapshot_id
    snapshot = _complete_snapshot(home, snapshot_id)
    if folder.exists():
        raise EvidenceError(f"evidence of {snapshot_id} already exists: {folder}", "Move it away to write it again.")
    draft = folder.with_name(f".{snapshot_id}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    with home.lock(), disk_errors(home.path):
        make_private_folder(draft)
        try:
            with _home_at(home, snapshot) as snapshot_home:
                _fill(home, snapshot_home, snapshot, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(folder)
    return folder


def _complete_snapshot(home: Home, snapshot_id: str) -> Snapshot:
    by_time = sorted(read_snapshots(home), key=lambda snapshot: snapshot.as_of)
    complete = {snapshot.snapshot_id: snapshot for snapshot in by_time if snapshot.complete}
    if snapshot_id not in complete:
        newest = f"the newest is {max(complete)}" if complete else "there is none"
        raise EvidenceError(
            f"{snapshot_id} is not a complete snapshot in {home.path} ({newest})", "Choose a complete snapshot."
        )
    return complete[snapshot_id]


@contextmanager
def _home_at(home: Home, snapshot: Snapshot) -> Iterator[Home]:
    """Yield a home in which `snapshot` is the newest: `home` itself, or a temporary one."""
    if snapshot in newest_complete(read_snapshots(home)):
        yield home
        return
    for leftover in home.path.glob(f"{_SNAPSHOT_HOME}*"):  # of a killed run
        shutil.rmtree(leftover, ignore_errors=True)
    folder = home.path / f"{_SNAPSHOT_HOME}{snapshot.snapshot_id}"
    try:
        yield create_snapshot_home(home, snapshot, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(home: Home, snapshot_home: Home, snapshot: Snapshot, folder: Path) -> None:
    tables = copy_home(snapshot_home, Home(folder / "home"))
    copy_sql(folder)
    files = find_rule_files(home)
    copy_rules(files, folder)
    input_files = modified_times(snapshot_home)
    results = evaluate_controls(snapshot_home, project(), read_rules(project().controls, files), input_files)
    current = newest_complete(read_snapshots(snapshot_home))
    if snapshot_home == home:
        compared_with = compare_with_published(home, results)
    else:
        compared_with = compare_with_recorded(home, results, snapshot, current)
    with os.fdopen(create_private(folder / PARQUET), "wb") as sink:
        pq.write_table(results, sink, compression="zstd")
    write_csv(results, folder / CSV)
    packed_files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = PackManifest(
        made_at=clock.utc_now().replace(microsecond=0),
        tool_version=version("cbr-warehouse"),
        snapshots=_packed_snapshots(current, tables),
        results=results.num_rows,
        result_sha256=hash_results(results),
        compared_with=compared_with,
        previous=previous_pack(home),
        input_files=input_files,
        files={str(path.relative_to(folder)): sha256_of(path) for path in packed_files},
    )
    write_manifest(folder / MANIFEST, manifest)


def _packed_snapshots(current: list[Snapshot], tables: list[TableManifest]) -> list[PackedSnapshot]:
    snapshots = {snapshot.scope: snapshot for snapshot in current}
    return [
        PackedSnapshot(
            scope=manifest.scope,
            snapshot_id=manifest.snapshot_id,
            as_of=snapshots[manifest.scope].as_of,
            listed=snapshots[manifest.scope].listed,
            rows=manifest.rows,
            rejects=manifest.rejects,
            landed=snapshots[manifest.scope].parts,
        )
        for manifest in tables
    ]
