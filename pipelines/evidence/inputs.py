"""The inputs of results, copied into a pack: tables, history, manifests, input files, SQL, policies and waivers."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.contract.results import RESULTS
from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history, write_result_history
from pipelines.landing.attempts import ATTEMPT
from pipelines.landing.manifest import MANIFEST, newest_complete, read_snapshots
from pipelines.models.files import sql_folder
from pipelines.policy.files import WAIVERS, RuleFiles
from pipelines.storage.files import copy_private
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest, read_table_manifest
from pipelines.warehouse.input_files import find_input_files

POLICIES = "policy"  # folder in a pack


def copy_sql(folder: Path) -> None:
    """Copy the SQL of all models into the pack at `folder`."""
    for path in sql_folder().rglob("*"):
        if path.is_file():
            copy_private(path, folder / "sql" / path.relative_to(sql_folder()))


def copy_rules(files: RuleFiles, folder: Path) -> None:
    """Copy policies and waivers into the pack at `folder`."""
    copies = {f"{POLICIES}/{path.stem}.yaml": path for path in files.policies}
    if files.waivers:
        copies[WAIVERS] = files.waivers
    for name, path in copies.items():
        copy_private(path, folder / name)


def packed_rules(folder: Path) -> RuleFiles:
    """Return the policies and the waivers in the pack at `folder`."""
    waivers = folder / WAIVERS
    return RuleFiles(tuple(sorted((folder / POLICIES).glob("*.yaml"))), waivers if waivers.exists() else None)


def copy_home(home: Home, packed: Home) -> list[TableManifest]:
    """Copy what the models read from `home` to `packed`, and return the manifests of the tables copied."""
    snapshots = read_snapshots(home)
    tables = []
    for path in find_input_files(home):
        _copy(home, packed, path)
    for snapshot in snapshots:
        _copy(home, packed, home.landed(snapshot.scope, snapshot.snapshot_id) / MANIFEST)
    for scope in dict.fromkeys(snapshot.scope for snapshot in snapshots):
        _copy(home, packed, home.landed_scope(scope) / ATTEMPT)
    for snapshot in newest_complete(snapshots):
        if manifest := read_table_manifest(home, snapshot.scope, snapshot.snapshot_id):
            tables.append(manifest)
            for path in _table_and_history_paths(home, manifest):
                _copy(home, packed, path)
            history = read_result_history(home, snapshot.scope).until(snapshot.snapshot_id)
            write_result_history(packed, history)
            for table in RESULTS:
                for path in history.before(home, table, snapshot.snapshot_id):
                    _copy(home, packed, path)
    return tables


def _table_and_history_paths(home: Home, manifest: TableManifest) -> Iterator[Path]:
    yield home.table_manifest(manifest.scope, manifest.snapshot_id)
    yield home.history_manifest(manifest.scope)
    history = read_history(home, manifest.scope)
    for files in (manifest.files, history.files):
        yield from (home.path / name for names in files.values() for name in names)


def _copy(home: Home, packed: Home, path: Path) -> None:
    if path.exists():
        copy_private(path, packed.path / path.relative_to(home.path))
