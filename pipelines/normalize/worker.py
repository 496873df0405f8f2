"""The process that reads blocks for another one: lines come in at standard input, tables leave at standard output.

It ends when its input does, so it outlives no process that started it.
"""

import os
import sys
from typing import BinaryIO

import msgspec
import pyarrow as pa

from pipelines.normalize.block_reader import BlockTables, read_lines
from pipelines.normalize.drift import Deviation, Drift

READY = b"\n"


class _Header(msgspec.Struct):
    """What a message says beside the tables."""

    tables: list[str]
    unfit: list[int]
    drift: list[tuple[Deviation, str, int]]


def write_message(stream: BinaryIO, *parts: bytes | bytearray | memoryview) -> None:
    """Write some parts, each after its size in bytes."""
    for part in parts:
        stream.write(len(part).to_bytes(8, "little"))
        stream.write(part)
    stream.flush()


def read_part(stream: BinaryIO) -> bytes:
    """Return the next part of a message. Raises EOFError where the stream ends."""
    size = stream.read(8)
    data = stream.read(int.from_bytes(size, "little"))
    if len(size) < 8 or len(data) < int.from_bytes(size, "little"):
        raise EOFError
    return data


def send_tables(stream: BinaryIO, block: BlockTables) -> None:
    """Write what was read of a block."""
    header = _Header(list(block.tables), block.unfit, list(block.drift))
    sink = pa.BufferOutputStream()
    for table in block.tables.values():
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    write_message(stream, msgspec.json.encode(header), memoryview(sink.getvalue()))


def receive_tables(stream: BinaryIO) -> BlockTables:
    """Read what was read of a block. Raises EOFError where the stream ends."""
    header = msgspec.json.decode(read_part(stream), type=_Header)
    source = pa.BufferReader(read_part(stream))
    tables = {name: pa.ipc.open_stream(source).read_all() for name in header.tables}
    drift = Drift()
    drift.update(header.drift)
    return BlockTables(tables, header.unfit, drift)


def main() -> None:
    """Read blocks until standard input ends."""
    lines, tables = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write where the tables leave
    try:
        tables.write(READY)
        tables.flush()
        while True:
            send_tables(tables, read_lines(read_part(lines)))
    except (EOFError, BrokenPipeError):
        os._exit(0)  # whoever would read the rest is gone
