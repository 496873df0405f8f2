"""Files below a home: private modes, one-step replacement, hashes, and what to say when the disk refuses."""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import DamagedFileError, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EIO,
}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError below `path` into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full_error(path) from error
        if error.errno not in _REFUSED:
            raise
        refused = Path(error.filename2 or error.filename or path)
        in_the_way = error.errno in _IN_THE_WAY and refused != path
        raise StorageError(
            f"{refused} can't be written: {error.strerror or error}",
            "Move it away and run again."
            if in_the_way
            else "Choose a folder that you may write with --home DIR or CBR_HOME.",
        ) from error


def disk_full_error(path: Path) -> StorageError:
    """Return the error for a full disk."""
    return StorageError(f"the disk of {path} is full", "Free some space and run again; what is there stays.")


def make_private_folder(path: Path) -> None:
    """Create `path` and its missing parents, readable by their owner alone."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def create_private(path: Path) -> int:
    """Create `path`, readable by its owner alone, and return a descriptor to write it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file, readable by its owner alone whatever the mode of the source."""
    make_private_folder(target.parent)
    with source.open("rb") as file, os.fdopen(create_private(target), "wb") as copy:
        shutil.copyfileobj(file, copy)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex, or "" if there is none. Raise DamagedFileError if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except OSError as error:
        raise DamagedFileError(
            f"{path} can't be read: {error.strerror}", "Restore it from a copy, or repair the disk."
        ) from None


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step: a reader sees the old file or the new one, never half of it."""
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with os.fdopen(create_private(draft), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
