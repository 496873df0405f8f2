"""One reader and one writer for every small JSON file of a home: manifests, attempts, markers.

A manifest is a dataclass. msgspec checks its fields and types when it is read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pipelines.errors import DamagedFileError
from pipelines.storage.files import write_file

T = TypeVar("T")


def read_manifest(path: Path, type_: type[T], hint: str) -> T | None:
    """Return the content of `path` as `type_`, or None if there is no such file.

    Raise DamagedFileError with `hint` if the content does not fit.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DamagedFileError(f"{path} is damaged: {reason}", hint) from None


def write_manifest(path: Path, content: Any) -> None:
    """Write `content`, a dataclass or a dict, in one step."""
    write_file(path, msgspec.json.format(msgspec.json.encode(content), indent=1))


def check_paths(files: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError if a path that a manifest names does not lie below the home."""
    for path in (Path(name) for names in files.values() for name in names):
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{str(path)!r} is not below the home")
