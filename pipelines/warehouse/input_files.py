"""Reading the CSV and Parquet files that a user puts into the folder `inputs` of a home.

Their cells are read in input_formats.py and checked in input_values.py.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from pipelines.contract.input_files import FILE_INPUTS, FORMATS, FileInput
from pipelines.errors import InputFileError
from pipelines.policy.validation import suggestion
from pipelines.storage.home import Home
from pipelines.warehouse.input_formats import read_csv, read_parquet
from pipelines.warehouse.input_values import Fault, KnownScopes, check_content

_MAX_FAULTS = 10  # that a message shows
_NAMES = {f"{source.name}.{suffix}": source for source in FILE_INPUTS for suffix in FORMATS}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A valid file, and its rows as those of its table."""

    source: FileInput
    path: str  # below the home
    modified_at: datetime
    sha256: str
    rows: pa.Table


def read_input_files(
    home: Home, scopes: Iterable[str], packed: Mapping[str, datetime] | None = None
) -> tuple[InputFile, ...]:
    """Return the input files of a home, whose rows may name `scopes`. Raise InputFileError with every fault.

    `packed` has the modified times that a pack of evidence recorded, because copies lose them. Scopes were checked
    before packing; here they may be newer than the pack's snapshot.
    """
    known_scopes = KnownScopes(frozenset(scopes), is_closed=packed is None)
    files, faults = [], []
    for path in find_input_files(home):
        data, modified_at = _read_bytes(path)
        rows, file_faults = _check(path, data, known_scopes)
        if rows is None:
            faults += [_describe(path, fault) for fault in file_faults]
        else:
            modified_at = (packed or {}).get(path.name, modified_at)
            name = str(path.relative_to(home.path))
            files.append(InputFile(_NAMES[path.name], name, modified_at, sha256(data).hexdigest(), rows))
    if faults:
        more = f"; and {len(faults) - _MAX_FAULTS} more" if len(faults) > _MAX_FAULTS else ""
        raise _error(f"the files in {home.inputs} are not valid: {'; '.join(faults[:_MAX_FAULTS])}{more}")
    return tuple(files)


def find_input_files(home: Home) -> list[Path]:
    """Return the paths of the input files of a home. Raise InputFileError if a name is wrong or there twice."""
    if not os.path.lexists(home.inputs):
        return []
    try:
        paths = sorted(path for path in home.inputs.iterdir() if path.suffix.lower()[1:] in FORMATS)
    except OSError as error:
        raise _error(f"{home.inputs} can't be read: {error.strerror}") from None
    paths = [path for path in paths if not path.name.startswith(".")]
    for path in paths:
        if path.name not in _NAMES:
            raise _error(f"{path} is not the name of an input{suggestion(path.name, list(_NAMES))}")
    for path, other in pairwise(paths):
        if path.stem == other.stem:
            raise _error(f"{path} and {other.name} are the same input")
    return paths


def modified_times(home: Home) -> dict[str, datetime]:
    """Return when each input file of a home was last modified, by its name."""
    return {path.name: _modified_at(path.stat()) for path in find_input_files(home)}


def _error(message: str) -> InputFileError:
    return InputFileError(message, "Correct it and run 'cbr-warehouse build'; the published file is unchanged.")


def _describe(path: Path, fault: Fault) -> str:
    unit = "row" if path.suffix == ".parquet" else "line"
    place = f"{path.name} {unit} {fault.line}" if fault.line else path.name
    return f"{place}: {fault.message}"


def _modified_at(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)


def _read_bytes(path: Path) -> tuple[bytes, datetime]:
    try:
        with path.open("rb") as file:
            return file.read(), _modified_at(os.fstat(file.fileno()))
    except OSError as error:
        raise _error(f"{path} can't be read: {error.strerror}") from None


def _check(path: Path, data: bytes, scopes: KnownScopes) -> tuple[pa.Table | None, list[Fault]]:
    """Return the rows of a file, or None and everything that is wrong with it."""
    content, faults = read_parquet(data) if path.suffix == ".parquet" else read_csv(data)
    if content is None:
        return None, faults
    rows, value_faults = check_content(_NAMES[path.name], content, scopes)
    return (None if faults else rows), sorted([*faults, *value_faults])
