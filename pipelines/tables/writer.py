"""Writing the Parquet files of one snapshot, in a thread beside the one that makes the rows."""

import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.meta import REJECTS
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.storage.parquet import open_parquet
from pipelines.tables.manifest import CONTRACT_VERSION, TABLES, TableManifest, write_table_manifest

ROWS_PER_WRITE = 40_000  # of all tables together


class TableWriter:
    """Writes the tables of one snapshot, batch by batch. Leave the block before `commit`."""

    def __init__(self, home: Home, scope: str, snapshot_id: str, *, synthetic: bool = False) -> None:
        """Write nothing before the first batch. `synthetic` marks each file as sandbox data."""
        self._home, self._scope, self._snapshot_id = home, scope, snapshot_id
        self._metadata = {"synthetic": "data of the sandbox"} if synthetic else {}
        self._stack = ExitStack()
        self._thread = self._stack.enter_context(ThreadPoolExecutor(1))
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._files: dict[str, list[str]] = {}
        self._pending: dict[str, list[pa.Table]] = {}
        self._running: Future[None] | None = None
        self._rows: Counter[str] = Counter()
        self._records: Counter[str] = Counter()
        self._rejects: Counter[str] = Counter()

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if kind is None:
                self._flush()
                self._join()

    def write(self, tables: dict[str, pa.Table], records: Counter[str] | None = None) -> None:
        """Append `tables` by name; `records` counts what was landed for them."""
        for name, table in tables.items():
            if table.num_rows:
                self._pending.setdefault(name, []).append(table)
                self._rows[name] += table.num_rows
        self._records.update(records or {})
        if REJECTS.name in tables:
            self._rejects.update(map(str, tables[REJECTS.name].column("table_name").to_pylist()))
        if sum(table.num_rows for pending in self._pending.values() for table in pending) >= ROWS_PER_WRITE:
            self._flush()

    def _flush(self) -> None:
        """Write the pending rows in the background."""
        self._join()
        pending, self._pending = self._pending, {}
        self._running = self._thread.submit(self._write_all, pending)

    def _join(self) -> None:
        if self._running:
            self._running.result()

    def _write_all(self, pending: dict[str, list[pa.Table]]) -> None:
        for name, tables in pending.items():
            self._writer(name).write_table(pa.concat_tables(tables))

    def commit(self, source_sha256: str) -> TableManifest:
        """Write the manifest and return it: from now on these files are the snapshot's tables."""
        manifest = TableManifest(
            self._scope,
            self._snapshot_id,
            CONTRACT_VERSION,
            source_sha256,
            self._files,
            {name: sha256_of(self._home.path / file) for name, [file] in self._files.items()},
            dict(self._rows),
            dict(self._records),
            dict(self._rejects),
        )
        write_table_manifest(self._home, manifest)
        return manifest

    def _writer(self, name: str) -> pq.ParquetWriter:
        if name not in self._writers:
            path = self._home.table(name, self._scope, self._snapshot_id) / f"part-{uuid.uuid4().hex}.parquet"
            self._writers[name] = self._stack.enter_context(open_parquet(path, TABLES[name], self._metadata))
            self._files[name] = [str(path.relative_to(self._home.path))]
        return self._writers[name]
