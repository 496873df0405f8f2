"""The manifest of one snapshot's tables: which Parquet files make them, and what they hold.

Files are immutable and never written twice; the manifest is replaced in one step.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract.derive import contract_version
from pipelines.contract.inputs import INPUT_TABLES
from pipelines.contract.meta import PER_SNAPSHOT
from pipelines.contract.tables import NORMALIZED
from pipelines.errors import StorageError
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import check_paths, read_manifest, write_manifest

TABLES = {table.name: table for table in (*NORMALIZED, *INPUT_TABLES, *PER_SNAPSHOT)}
# Tables of another contract, or of other bodies, are written again.
CONTRACT_VERSION = contract_version(TABLES.values())


@dataclass(frozen=True, slots=True)
class TableManifest:
    """The tables of one snapshot."""

    scope: str
    snapshot_id: str
    contract_version: str
    source_sha256: str  # of the landing manifest's parts
    files: dict[str, list[str]]  # by table: paths below the home
    content: dict[str, str]  # by table: SHA-256 of its file; the same landing gives the same
    rows: dict[str, int]
    records: dict[str, int]  # landed, counted apart from the flattening
    rejects: dict[str, int]

    def __post_init__(self) -> None:
        check_paths(self.files)

    def paths(self, home: Home, table: str) -> list[Path]:
        """Return the files of `table`."""
        return [home.path / file for file in self.files.get(table, [])]


def write_table_manifest(home: Home, manifest: TableManifest) -> None:
    """Write the manifest: from now on its files are the snapshot's tables."""
    write_manifest(home.table_manifest(manifest.scope, manifest.snapshot_id), manifest)


def read_table_manifest(
    home: Home, scope: str, snapshot_id: str, *, any_contract: bool = False
) -> TableManifest | None:
    """Return the manifest of a snapshot's tables, or None if it is missing, damaged or incomplete.

    Tables of another contract version count only if `any_contract`.
    """
    try:
        manifest = read_manifest(home.table_manifest(scope, snapshot_id), TableManifest, "")
    except StorageError:
        return None  # the tables are written again
    if manifest is None or not all(path.exists() for table in manifest.files for path in manifest.paths(home, table)):
        return None
    return manifest if any_contract or manifest.contract_version == CONTRACT_VERSION else None


def damaged_files(home: Home, manifest: TableManifest) -> list[Path]:
    """Return the files that are not what was written."""
    return [
        path
        for table in manifest.files
        for path in manifest.paths(home, table)
        if sha256_of(path) != manifest.content.get(table)
    ]


def load_rows(manifests: Iterable[TableManifest]) -> Iterator[dict[str, object]]:
    """Yield the rows of meta.loads."""
    for manifest in manifests:
        for table in (*NORMALIZED, *INPUT_TABLES):
            yield {
                "scope": manifest.scope,
                "snapshot_id": manifest.snapshot_id,
                "table_name": table.name,
                "records": manifest.records.get(table.name, 0),
                "row_count": manifest.rows.get(table.name, 0),
                "rejects": manifest.rejects.get(table.name, 0),
            }
