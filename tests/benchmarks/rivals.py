"""Other ways to get the four tables out of the same landing, as their own manuals would do it.

Each takes the landed parts and a folder, writes Parquet there, and returns the rows by table. None of them keeps
unknown keys, rejects, or says what differed.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import GenericAlias
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.tables import NORMALIZED
from pipelines.landing.reader import part_lines

Rows = dict[str, int]
_TABLES = ("backups", "children", "extend_info", "replication_records")


def _backups(parts: list[Path]) -> Iterator[dict[str, Any]]:
    return (json.loads(line)["backup"] for part in parts for line in part_lines(part))


def with_dlt(parts: list[Path], folder: Path) -> Rows:
    """A dlt pipeline to Parquet on disk; extend_info becomes columns of its parents, so its rows are counted there."""
    import dlt

    pipeline = dlt.pipeline(
        "rival", pipelines_dir=str(folder / "state"), destination=dlt.destinations.filesystem(str(folder))
    )
    resource = dlt.resource(_backups(parts), name="backups", write_disposition="replace")
    pipeline.run(resource, loader_file_format="parquet")
    rows = {
        name: _rows(folder.glob(f"*/{name}/*.parquet"))
        for name in ("backups", "backups__children", "backups__replication_records")
    }
    held = _rows(folder.glob("*/backups/*.parquet")) + rows["backups__children"]
    return dict(
        zip(
            _TABLES,
            (rows["backups"], rows["backups__children"], held, rows["backups__replication_records"]),
            strict=True,
        )
    )


def with_pandas(parts: list[Path], folder: Path) -> Rows:
    """pandas.json_normalize, once a table, a part at a time."""
    import pandas as pd

    rows = dict.fromkeys(_TABLES, 0)
    for number, part in enumerate(parts):
        backups = list(_backups([part]))
        children = [child | {"backup_id": b["id"]} for b in backups for child in b["children"]]
        frames = {
            "backups": pd.json_normalize([{k: v for k, v in b.items() if k not in _TABLES} for b in backups]),
            "children": pd.json_normalize([{k: v for k, v in c.items() if k not in _TABLES} for c in children]),
            "extend_info": pd.json_normalize(
                [b["extend_info"] | {"backup_id": b["id"]} for b in [*backups, *children]]
            ),
            "replication_records": pd.json_normalize(backups, "replication_records", ["id"], meta_prefix="backup_"),
        }
        for name, frame in frames.items():
            odd = [column for column in frame.columns if frame[column].dtype == object]
            frame[odd] = frame[odd].map(lambda value: value if value is None else json.dumps(value))
            frame.to_parquet(folder / f"{name}-{number}.parquet", compression="zstd")
            rows[name] += len(frame)
    return rows


def with_duckdb(parts: list[Path], folder: Path) -> Rows:
    """DuckDB's read_json with every leaf as JSON (typed ones stop at the first odd value), unnest, one COPY a table."""
    leaves = {table.name: [c.path[0] for c in table.columns if len(c.path) == 1] for table in NORMALIZED}
    info, record, child = (
        "STRUCT(" + ", ".join(f'"{key}" JSON' for key in leaves[name])
        for name in ("extend_info", "replication_records", "children")
    )
    backup = f"{child}, extend_info {info}), children {child}, extend_info {info}))[], replication_records {record})[])"
    names = ", ".join(f"'{part}'" for part in parts)
    with duckdb.connect() as connection:
        connection.execute(
            f"""CREATE TABLE bodies AS SELECT backup.* FROM read_json([{names}], columns = {{backup: '{backup}'}},
            format = 'newline_delimited', compression = 'zstd', maximum_object_size = 100000000)"""
        )
        connection.execute("CREATE TABLE disks AS SELECT unnest(children) AS c, id AS backup_id FROM bodies")
        sources = {
            "backups": "SELECT * EXCLUDE (extend_info, children, replication_records) FROM bodies",
            "children": "SELECT backup_id, unnest(c) FROM disks",
            "extend_info": "SELECT id, unnest(extend_info) FROM bodies UNION ALL SELECT c.id, unnest(c.extend_info) FROM disks",
            "replication_records": "SELECT backup_id, unnest(r) FROM (SELECT id AS backup_id, unnest(replication_records) AS r FROM bodies)",
        }
        for name, source in sources.items():
            target = folder / f"{name}.parquet"
            connection.execute(f"COPY ({source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    return {name: _rows([folder / f"{name}.parquet"]) for name in _TABLES}


def with_msgspec(parts: list[Path], folder: Path) -> Rows:
    """msgspec structs, whose fields may be anything, then lists of columns, a part at a time."""
    import msgspec

    info = msgspec.defstruct("Info", [(c.path[0], Any, None) for c in NORMALIZED[2].columns if len(c.path) == 1])
    record = msgspec.defstruct("Record", [(c.path[0], Any, None) for c in NORMALIZED[3].columns if len(c.path) == 1])
    fields = [(c.path[0], Any, None) for c in NORMALIZED[0].columns if c.path]
    child = msgspec.defstruct("Child", [*fields, ("extend_info", info | None, None)])
    backup = msgspec.defstruct(
        "Backup",
        [
            *fields,
            ("extend_info", info | None, None),
            ("children", GenericAlias(list, (child,)), []),
            ("replication_records", GenericAlias(list, (record,)), []),
        ],
    )
    body: type[Any] = msgspec.defstruct("Body", [("backup", backup)])
    decode = msgspec.json.Decoder(body).decode
    rows = dict.fromkeys(_TABLES, 0)
    for number, part in enumerate(parts):
        backups = [decode(line).backup for line in part_lines(part)]
        children = [c for b in backups for c in b.children]
        objects = (
            backups,
            children,
            [b.extend_info for b in [*backups, *children]],
            [r for b in backups for r in b.replication_records],
        )
        for name, held, kind in zip(_TABLES, objects, (backup, child, info, record), strict=True):
            names = [f for f in kind.__struct_fields__ if f not in _TABLES]
            columns = {f: [_text(getattr(one, f)) for one in held] for f in names}
            pq.write_table(pa.table(columns), folder / f"{name}-{number}.parquet", compression="zstd")
            rows[name] += len(held)
    return rows


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _rows(files: Any) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)


RIVALS: dict[str, Callable[[list[Path], Path], Rows]] = {
    "dlt": with_dlt,
    "pandas.json_normalize": with_pandas,
    "DuckDB read_json + unnest": with_duckdb,
    "msgspec + lists of columns": with_msgspec,
}
