"""The Parquet files of one snapshot, and the manifest that says which of them count.

Files are immutable and never written twice; the manifest is replaced in one write. Pieces of Arrow enter;
`Loaded` leaves, and is read again by the warehouse.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.derive import contract_version
from pipelines.contract.meta import PER_SNAPSHOT, REJECTS
from pipelines.contract.tables import NORMALIZED
from pipelines.home import Home, files_in, read_json, sha256_of, write_json
from pipelines.load.parquet import parquet_file
from pipelines.problem import Problem

AT_ONCE = 40_000  # rows of all tables together that are written at once
_TABLES = {table.name: table for table in (*NORMALIZED, *PER_SNAPSHOT)}
# Written by another contract, or from other bodies, a snapshot's tables are made again.
VERSION = contract_version(_TABLES.values())


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the manifest of one snapshot's tables says."""

    scope: str
    snapshot_id: str
    contract_version: str
    source_sha256: str  # of the landing manifest's parts
    files: dict[str, list[str]]  # table -> paths below the home
    content: dict[str, str]  # table -> sha256 of its file: the same landing gives the same
    rows: dict[str, int]
    records: dict[str, int]  # landed, counted apart from the flattening
    rejects: dict[str, int]

    def paths(self, home: Home, table: str) -> list[Path]:
        """Return the files of `table`."""
        return [home.path / file for file in self.files.get(table, [])]


class TableWriter:
    """Writes the tables of one snapshot, piece by piece. Leave the block before `commit`."""

    def __init__(self, home: Home, scope: str, snapshot_id: str, *, synthetic: bool = False) -> None:
        """Nothing is written before the first piece. `synthetic` is said in each file."""
        self._home, self._scope, self._snapshot_id = home, scope, snapshot_id
        self._about = {"synthetic": "data of the sandbox"} if synthetic else {}
        self._stack = ExitStack()
        self._thread = self._stack.enter_context(ThreadPoolExecutor(1))
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._files: dict[str, list[str]] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._written: Future[None] | None = None
        self._rows: Counter[str] = Counter()
        self._records: Counter[str] = Counter()
        self._rejects: Counter[str] = Counter()

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if kind is None:
                self._flush()
                self._wait()

    def write(self, tables: dict[str, pa.Table], records: Counter[str] | None = None) -> None:
        """Append `tables` by name; `records` is what was landed for them."""
        for name, table in tables.items():
            if table.num_rows:
                self._waiting.setdefault(name, []).append(table)
                self._rows[name] += table.num_rows
        self._records.update(records or {})
        if REJECTS.name in tables:
            self._rejects.update(map(str, tables[REJECTS.name].column("table_name").to_pylist()))
        if sum(table.num_rows for waiting in self._waiting.values() for table in waiting) >= AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Have what waits written, beside whatever makes the next rows."""
        self._wait()
        waiting, self._waiting = self._waiting, {}
        self._written = self._thread.submit(self._write_all, waiting)

    def _wait(self) -> None:
        if self._written:
            self._written.result()

    def _write_all(self, waiting: dict[str, list[pa.Table]]) -> None:
        for name, tables in waiting.items():
            self._writer(name).write_table(pa.concat_tables(tables))

    def commit(self, source_sha256: str) -> Loaded:
        """Write the manifest: from now on these files are the snapshot."""
        loaded = Loaded(
            self._scope,
            self._snapshot_id,
            VERSION,
            source_sha256,
            self._files,
            {name: sha256_of(self._home.path / file) for name, [file] in self._files.items()},
            dict(self._rows),
            dict(self._records),
            dict(self._rejects),
        )
        write_json(self._home.table_manifest(self._scope, self._snapshot_id), asdict(loaded))
        return loaded

    def _writer(self, name: str) -> pq.ParquetWriter:
        if name not in self._writers:
            path = self._home.table(name, self._scope, self._snapshot_id) / f"part-{uuid.uuid4().hex}.parquet"
            self._writers[name] = self._stack.enter_context(parquet_file(path, _TABLES[name], self._about))
            self._files[name] = [str(path.relative_to(self._home.path))]
        return self._writers[name]


def read_loaded(home: Home, scope: str, snapshot_id: str, *, any_contract: bool = False) -> Loaded | None:
    """Return the manifest of a snapshot's tables, or None where there is none to be relied on.

    Tables of another contract than today's count where `any_contract` will do.
    """
    try:
        loaded = read_json(home.table_manifest(scope, snapshot_id), _parsed, "")
    except Problem:
        return None  # they are made again
    if loaded is None or not all(file.exists() for table in loaded.files for file in loaded.paths(home, table)):
        return None
    return loaded if any_contract or loaded.contract_version == VERSION else None


def damages(home: Home, loaded: Loaded) -> list[Path]:
    """Return the files of a snapshot's tables that are not what was written."""
    return [
        path
        for table in loaded.files
        for path in loaded.paths(home, table)
        if sha256_of(path) != loaded.content.get(table)
    ]


def _parsed(content: Any) -> Loaded:
    loaded = Loaded(**{field.name: content[field.name] for field in fields(Loaded)})
    counts = (number for numbers in (loaded.rows, loaded.records, loaded.rejects) for number in numbers.values())
    if not all(isinstance(number, int) for number in counts):
        raise ValueError("a number of rows is not a number")
    return replace(loaded, files=files_in(loaded.files))


def load_rows(loaded: Iterable[Loaded]) -> Iterator[dict[str, object]]:
    """Yield the rows of meta.loads."""
    for one in loaded:
        for table in NORMALIZED:
            yield {
                "scope": one.scope,
                "snapshot_id": one.snapshot_id,
                "table_name": table.name,
                "records": one.records.get(table.name, 0),
                "row_count": one.rows.get(table.name, 0),
                "rejects": one.rejects.get(table.name, 0),
            }
