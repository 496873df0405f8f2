"""Verify a pack of evidence: every file has its recorded hash, and the results can be recomputed.

Verification is offline and uses only the SQL, the rules and the tables in the pack.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import EvidenceError
from pipelines.evidence.inputs import packed_rules
from pipelines.evidence.manifest import MANIFEST, PackManifest, read_pack_manifest
from pipelines.evidence.pack import CSV, PARQUET
from pipelines.evidence.results import evaluate_controls, hash_results, write_csv
from pipelines.models.model import ModelError
from pipelines.models.project import read_project
from pipelines.policy.resolve import read_rules
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home

_HINT = "Get the original, or use the version of cbr-warehouse that its manifest names."


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying a pack."""

    folder: Path
    differences: list[str]  # files that are missing, added or changed
    recorded_sha256: str  # of the results, by the manifest
    computed_sha256: str  # of the recomputed results; empty if they were not recomputed
    results: int

    @property
    def is_same(self) -> bool:
        """Whether no file differs and the recomputed results are the recorded ones."""
        return not self.differences and self.recorded_sha256 == self.computed_sha256


def verify(folder: Path) -> Verification:
    """Verify the pack at `folder`. Raise EvidenceError if it is no pack, or if its results can't be recomputed."""
    manifest = read_pack_manifest(folder, _HINT)
    if manifest is None:
        raise EvidenceError(
            f"{folder} is not a pack of evidence", "Name a folder that 'cbr-warehouse evidence' has written."
        )
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise EvidenceError(f"{path} is a symbolic link, which a pack never contains", _HINT)
    differences, may_recompute = _compare_files(folder, manifest.files)
    if not may_recompute:
        return Verification(folder, differences, manifest.result_sha256, "", 0)
    results = _recompute(folder, manifest)
    differences += _compare_result_files(folder, results)
    return Verification(folder, differences, manifest.result_sha256, hash_results(results), results.num_rows)


def _compare_files(folder: Path, hashes: dict[str, str]) -> tuple[list[str], bool]:
    """Return the files that differ from the manifest, and whether the results can be recomputed all the same.

    SQL that was changed is never run, and missing inputs can't be read.
    """
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    missing, added = sorted(hashes.keys() - present), sorted(present - hashes.keys())
    changed = [name for name in sorted(hashes.keys() & present) if sha256_of(folder / name) != hashes[name]]
    differences = [
        *(f"{name} is missing" for name in missing),
        *(f"{name} was added" for name in added),
        *(f"{name} was changed" for name in changed),
    ]
    return differences, not missing and set(changed) <= {CSV, PARQUET}


def _recompute(folder: Path, manifest: PackManifest) -> pa.Table:
    try:
        project = read_project(folder / "sql")
        rules = read_rules(project.controls, packed_rules(folder))
        return evaluate_controls(Home(folder / "home"), project, rules, manifest.input_files)
    except (ModelError, duckdb.Error, pa.ArrowException, csv.Error, OSError, ValueError, LookupError) as error:
        raise EvidenceError(
            f"the results of {folder} can't be recomputed: {next(iter(str(error).splitlines()), repr(error))}", _HINT
        ) from None


def _compare_result_files(folder: Path, results: pa.Table) -> Iterator[str]:
    """Yield the result files that differ from `results`: somebody may have changed the manifest with them."""
    with TemporaryDirectory() as scratch:
        write_csv(results, Path(scratch) / CSV)
        if (Path(scratch) / CSV).read_bytes() != (folder / CSV).read_bytes():
            yield f"{CSV} differs from the recomputed results"
    try:
        same = hash_results(pq.read_table(folder / PARQUET)) == hash_results(results)
    except (OSError, pa.ArrowException):
        same = False
    if not same:
        yield f"{PARQUET} differs from the recomputed results"
