"""Everything that results come from -> one folder, with a manifest of hashes.

Belongs here: what is copied, and the chain of packs. A home enters; a folder leaves, whole or not at all.
Does not belong here: judging (results.py).
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import clock
from pipelines.contract.results import RESULTS
from pipelines.errors import WarehouseError
from pipelines.evidence.past import counts_of, home_of
from pipelines.evidence.results import counted, hash_of, judge, published, write_csv
from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history, write_result_history
from pipelines.landing.attempts import ATTEMPT
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.models.files import sql_folder
from pipelines.models.project import project
from pipelines.policy.files import WAIVERS, RuleFiles, find_rule_files
from pipelines.policy.resolve import read_rules
from pipelines.storage.files import (
    copy_private,
    create_private,
    disk_errors,
    make_private_folder,
    sha256_of,
)
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest
from pipelines.tables.manifest import TableManifest, read_table_manifest

_SAME_RULES = (
    "Use the policy, the waivers and the version of cbr-warehouse that judged it, or run 'cbr-warehouse build'."
)
_PAST = ".past-"
MANIFEST, CSV, PARQUET = "manifest.json", "results.csv", "results.parquet"


class PackSummary(msgspec.Struct, frozen=True):
    """What is read of the manifest of a pack: the hashes of its files and of its results."""

    made_at: str
    files: dict[str, str]
    result_sha256: str


def write_pack(home: Home, snapshot_id: str) -> Path:
    """Write the evidence of a snapshot, and of those of other scopes that stood then; return its folder.

    Raise WarehouseError if the snapshot is incomplete, has a pack already, or can't be judged any more.
    """
    complete = {one.snapshot_id: one for one in sorted(read_snapshots(home), key=_begun) if one.complete}
    if snapshot_id not in complete:
        newest = f"the newest is {max(complete)}" if complete else "there is none"
        raise WarehouseError(
            f"{snapshot_id} is no complete snapshot that is landed in {home.path} ({newest})", "Name one that is."
        )
    folder = home.evidence / snapshot_id
    if folder.exists():
        raise WarehouseError(f"there is a pack of {snapshot_id} already: {folder}", "Move it away to make it again.")
    draft = folder.with_name(f".{snapshot_id}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    with home.lock(), disk_errors(home.path):
        make_private_folder(draft)
        try:
            with _as_it_was(home, complete[snapshot_id]) as stood:
                _fill(home, stood, complete[snapshot_id], draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(folder)
    return folder


def _begun(snapshot: Snapshot) -> datetime:
    return snapshot.as_of


@contextmanager
def _as_it_was(home: Home, snapshot: Snapshot) -> Iterator[Home]:
    """Give the home in which a snapshot is the newest: this one, or one made of what was landed by then."""
    if snapshot in newest_complete(read_snapshots(home)):
        yield home
        return
    for left in home.path.glob(f"{_PAST}*"):  # of one that was killed
        shutil.rmtree(left, ignore_errors=True)
    folder = home.path / f"{_PAST}{snapshot.snapshot_id}"
    try:
        yield home_of(home, snapshot, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(home: Home, stood: Home, snapshot: Snapshot, folder: Path) -> None:
    inside = Home(folder / "home")
    loaded = _copy_inputs(stood, inside)
    for path in sql_folder().rglob("*"):
        if path.is_file():
            copy_private(path, folder / "sql" / path.relative_to(sql_folder()))
    files = find_rule_files(home)
    _copy_rules(files, folder)
    results = judge(stood, project(), read_rules(project().controls, files))
    snapshots = {one.snapshot_id: one for one in newest_complete(read_snapshots(stood))}
    compared = _compared(home, stood, results, snapshot, snapshots.values())
    with os.fdopen(create_private(folder / PARQUET), "wb") as sink:
        pq.write_table(results, sink, compression="zstd")
    write_csv(results, folder / CSV)
    packed = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest: dict[str, Any] = {
        "made_at": clock.utc_now().isoformat(timespec="seconds"),
        "tool_version": version("cbr-warehouse"),
        "snapshots": [
            {
                "scope": one.scope,
                "snapshot_id": one.snapshot_id,
                "as_of": snapshots[one.snapshot_id].as_of.isoformat(),
                "listed": snapshots[one.snapshot_id].listed,
                "rows": one.rows,
                "rejects": one.rejects,
                "landed": snapshots[one.snapshot_id].parts,
            }
            for one in loaded
        ],
        "results": results.num_rows,
        "result_sha256": hash_of(results),
        "compared_with": compared,
        "previous": _previous(home),
        "files": {str(path.relative_to(folder)): sha256_of(path) for path in packed},
    }
    write_manifest(folder / MANIFEST, manifest)


def _compared(home: Home, stood: Home, results: pa.Table, snapshot: Snapshot, beside: Iterable[Snapshot]) -> str:
    """Return what the results were compared with, and found the same as. Raises WarehouseError if they are not."""
    if stood == home:
        if hash_of(results) == hash_of(published(home.warehouse)):
            return "the published file"
        raise WarehouseError("judging again gives other results than the published file has", _SAME_RULES)
    known = {one.scope: counts for one in beside if (counts := counts_of(home, one, snapshot)) is not None}
    for scope, counts in known.items():
        if counts != counted(results.filter(pc.field("scope") == scope)):
            raise WarehouseError(
                f"judging {scope!r} again gives other results than were kept when it was judged", _SAME_RULES
            )
    return f"the numbers that were kept of {', '.join(sorted(known))}" if known else "nothing: none kept"


def rule_files(folder: Path) -> RuleFiles:
    """Return the files of the rules that lie in a pack."""
    waivers = folder / WAIVERS
    return RuleFiles(tuple(sorted((folder / "policy").glob("*.yaml"))), waivers if waivers.exists() else None)


def _copy_rules(files: RuleFiles, folder: Path) -> None:
    copies = {f"policy/{path.stem}.yaml": path for path in files.policies}
    for name, path in (copies | ({WAIVERS: files.waivers} if files.waivers else {})).items():
        copy_private(path, folder / name)


def _copy_inputs(home: Home, inside: Home) -> list[TableManifest]:
    """Copy what the models read of a home: tables, history, earlier results, and the manifests that name them."""
    landed = read_snapshots(home)
    loaded = []
    for one in landed:
        _copy(home, inside, home.landed(one.scope, one.snapshot_id) / MANIFEST)
    for scope in dict.fromkeys(one.scope for one in landed):
        _copy(home, inside, home.landed_scope(scope) / ATTEMPT)
    for one in newest_complete(landed):
        if held := read_table_manifest(home, one.scope, one.snapshot_id):
            loaded.append(held)
            for path in _paths(home, held):
                _copy(home, inside, path)
            judged = read_result_history(home, one.scope).until(one.snapshot_id)
            write_result_history(inside, judged)
            for table in RESULTS:
                for path in judged.before(home, table, one.snapshot_id):
                    _copy(home, inside, path)
    return loaded


def _paths(home: Home, loaded: TableManifest) -> Iterator[Path]:
    yield home.table_manifest(loaded.scope, loaded.snapshot_id)
    yield home.history_manifest(loaded.scope)
    state = read_history(home, loaded.scope)
    for files in (loaded.files, state.files):
        yield from (home.path / name for names in files.values() for name in names)


def _copy(home: Home, inside: Home, path: Path) -> None:
    if path.exists():
        copy_private(path, inside.path / path.relative_to(home.path))


def _previous(home: Home) -> dict[str, str] | None:
    """Return the newest pack that there is, and the hash of its manifest: the chain."""
    cure = "Restore it from a copy, or move its folder away: the chain then goes on from the pack before it."
    packs = [(read_manifest(path, PackSummary, cure), path) for path in home.evidence.glob(f"*/{MANIFEST}")]
    found = max(((pack.made_at, path, pack) for pack, path in packs if pack), default=None)
    if found is None:
        return None
    _, path, pack = found
    return {"pack": path.parent.name, "manifest_sha256": sha256_of(path), "result_sha256": pack.result_sha256}
