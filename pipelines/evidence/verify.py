"""A pack of evidence -> whether it is what it was, and whether judging again gives the same results.

Offline, with the SQL, the rules and the tables that lie in the pack. A folder enters; what was found leaves.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import WarehouseError
from pipelines.evidence.pack import CSV, MANIFEST, PARQUET, PackSummary, rule_files
from pipelines.evidence.results import hash_of, judge, write_csv
from pipelines.models.model import ModelError
from pipelines.models.project import read_project
from pipelines.policy.resolve import read_rules
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest

_CURE = "Get it from where it is kept, or try the version of cbr-warehouse that its manifest names."


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of a pack: files that are not what they were, and both hashes of its results."""

    folder: Path
    damages: list[str]
    said_sha256: str
    found_sha256: str
    results: int

    @property
    def is_same(self) -> bool:
        """Whether everything is as it was."""
        return not self.damages and self.said_sha256 == self.found_sha256


def verify(folder: Path) -> Verified:
    """Judge again what a pack holds. Raises WarehouseError if it is no pack, or can't be judged any more."""
    manifest = read_manifest(folder / MANIFEST, PackSummary, _CURE)
    if manifest is None:
        raise WarehouseError(f"{folder} is no pack of evidence", "Name a folder that 'cbr-warehouse evidence' made.")
    files, said = manifest.files, manifest.result_sha256
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise WarehouseError(f"{path} is a link, which no pack has", _CURE)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    damages = [f"{name} is missing" for name in sorted(files.keys() - there)]
    damages += [f"{name} was added" for name in sorted(there - files.keys())]
    damages += [f"{n} was changed" for n in sorted(files.keys() & there) if sha256_of(folder / n) != files[n]]
    kept = {f"{name} was changed" for name in (CSV, PARQUET)} | {f"{name} was added" for name in there - files.keys()}
    if set(damages) - kept:
        # What was changed is not run, and what is missing can't be.
        return Verified(folder, damages, said, "", 0)
    results = _judged_again(folder)
    damages += _told_otherwise(folder, results)
    return Verified(folder, damages, said, hash_of(results), results.num_rows)


def _judged_again(folder: Path) -> pa.Table:
    """Return what the SQL of a pack says of its tables. Raises WarehouseError if that is not what a pack holds."""
    try:
        project = read_project(folder / "sql")
        rules = read_rules(project.controls, rule_files(folder))
        return judge(Home(folder / "home"), project, rules)
    except (ModelError, duckdb.Error, pa.ArrowException, csv.Error, OSError, ValueError, LookupError) as error:
        raise WarehouseError(
            f"{folder} can't be judged: {next(iter(str(error).splitlines()), repr(error))}", _CURE
        ) from None


def _told_otherwise(folder: Path, results: pa.Table) -> Iterator[str]:
    """Say which of the files that people read is not what was judged: a manifest can be changed with them."""
    with TemporaryDirectory() as scratch:
        write_csv(results, Path(scratch) / CSV)
        if (Path(scratch) / CSV).read_bytes() != (folder / CSV).read_bytes():
            yield f"{CSV} is not what was judged"
    try:
        same = hash_of(pq.read_table(folder / PARQUET)) == hash_of(results)
    except (OSError, pa.ArrowException):
        same = False
    if not same:
        yield f"{PARQUET} is not what was judged"
