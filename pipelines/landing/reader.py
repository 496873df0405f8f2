"""Reading the parts of a landed snapshot, checked against its manifest."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipelines.landing.blocks import Block, blocks_of
from pipelines.landing.manifest import Snapshot, damaged_error
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home


def read_lines(home: Home, snapshot: Snapshot, kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies of `kind`, each with its part and line number."""
    for block in read_blocks(home, snapshot, kind):
        for number, line in enumerate(block.lines()):
            yield block.source(number), line


def read_blocks(home: Home, snapshot: Snapshot, kind: str) -> Iterator[Block]:
    """Yield the bodies of `kind` in blocks. Raise DamagedFileError if a part is not what the manifest says."""
    for name in sorted(snapshot.parts):
        if name.startswith(kind):
            path = home.landed(snapshot.scope, snapshot.snapshot_id) / name
            if sha256_of(path) != snapshot.parts[name].sha256:
                raise damaged_error(path, "it is not what the manifest says")
            yield from part_blocks(path)


def part_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of one part. Raise DamagedFileError if it can't be read to its end."""
    for block in part_blocks(path):
        yield from block.lines()


def part_blocks(path: Path) -> Iterator[Block]:
    """Yield the lines of one part in blocks. Raise DamagedFileError if it can't be read to its end."""
    try:
        with pa.OSFile(str(path), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
            yield from blocks_of(path.name, stream.readinto)
    except OSError as error:
        raise damaged_error(path, error) from None
