"""What tests begin with: bodies in the shape of the wire, a home with snapshots landed in it, its findings."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from pipelines.clock import snapshot_id
from pipelines.contract.inputs import GRANTED, INPUTS
from pipelines.flow.build import build_draft, publish_draft
from pipelines.flow.normalize import normalize_landed
from pipelines.landing.attempts import Attempt, write_attempt
from pipelines.landing.manifest import LIST, SHOW, InputReading, Snapshot
from pipelines.landing.writer import SnapshotWriter
from pipelines.models.project import project
from pipelines.normalize.coerce import json_text
from pipelines.policy.resolve import Rules
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.warehouse.catalog import fill_catalog
from pipelines.warehouse.comments import comment_on_all
from pipelines.warehouse.inputs import read_inputs
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_sources

Body = dict[str, Any]
AS_OF = datetime(2026, 3, 1, 12)
PROJECT = "project-1"


def at(hours: float = 0, days: float = 0) -> str:
    """The instant so long before AS_OF, as the wire writes it."""
    return (AS_OF - timedelta(hours=hours, days=days)).isoformat(timespec="microseconds")


def child(child_id: str, **more: Any) -> Body:
    """A disk inside a server's backup, as a healthy one looks."""
    body = {
        "id": child_id,
        "name": f"autobk_{child_id}",
        "status": "available",
        "image_type": "backup",
        "created_at": at(hours=4),
        "checkpoint_id": "checkpoint-1",
        "resource_id": f"disk-of-{child_id}",
        "resource_name": f"disk of {child_id}",
        "resource_type": "OS::Cinder::Volume",
        "resource_size": 40,
        "children": [],
        "replication_records": [],
        "extend_info": {"auto_trigger": True, "bootable": True, "encrypted": True},
    }
    return _with(body, more)


def server(backup_id: str = "backup-1", **more: Any) -> Body:
    """A server's backup, as a healthy one of four hours ago looks in ShowBackup."""
    body = {
        "id": backup_id,
        "name": f"autobk_{backup_id}",
        "status": "available",
        "image_type": "backup",
        "created_at": at(hours=4),
        "expired_at": at(hours=4, days=-30),
        "checkpoint_id": "checkpoint-1",
        "project_id": PROJECT,
        "vault_id": "vault-1",
        "resource_id": "server-1",
        "resource_name": "web",
        "resource_type": "OS::Nova::Server",
        "resource_size": 40,
        "children": [child(f"child-of-{backup_id}", parent_id=backup_id)],
        "replication_records": [],
        "extend_info": {"auto_trigger": True, "contain_system_disk": True, "supported_restore_mode": "backup"},
    }
    return _with(body, more)


def volume(backup_id: str = "backup-1", **more: Any) -> Body:
    """A lone disk's backup, as a healthy one looks."""
    own = {
        "resource_id": "disk-1",
        "resource_name": "data",
        "resource_type": "OS::Cinder::Volume",
        "children": [],
        "extend_info": {"auto_trigger": True, "encrypted": True},
    }
    return _with(server(backup_id), own | more)


def replica(backup_id: str, source_project: str, **more: Any) -> Body:
    """A copy of a server's backup, with the record that says where it comes from."""
    record = {
        "id": f"record-of-{backup_id}",
        "status": "success",
        "source_backup_id": "source-1",
        "source_project_id": source_project,
        "source_region": "region-0",
        "destination_backup_id": backup_id,
    }
    return server(backup_id, image_type="replication", replication_records=[record], **more)


@dataclass(frozen=True)
class Landed:
    """One snapshot to land: details that were read, and items that only the list has."""

    shown: Iterable[Body] = ()
    listed: Iterable[Body] = ()
    scope: str = "prod"
    as_of: datetime = AS_OF
    project: str = PROJECT
    region: str | None = "region-1"
    complete: bool = True
    vanished: tuple[str, ...] = ()
    inputs: Mapping[str, Iterable[Body] | InputReading] = field(default_factory=dict)  # by name: records, or a reading
    domain: str | None = "domain-1"
    partial: tuple[str, ...] = ()  # the inputs that are not proven whole


def land(home: Home, given: Landed) -> Snapshot:
    """Land a snapshot as the extraction would."""
    shown, listed = list(given.shown), list(given.listed)
    items = [body | {"children": []} for body in shown] + listed
    shutil.rmtree(home.landed(given.scope, snapshot_id(given.as_of)), ignore_errors=True)
    draft = SnapshotWriter(home, given.scope, given.as_of)
    draft.write(LIST, json_text({"backups": items, "count": len(items)}).encode())
    for body in shown:
        draft.write(SHOW, json_text({"backup": body}).encode())
    readings = tuple(
        _land_input(draft, name, records, name not in given.partial) for name, records in given.inputs.items()
    )
    write_attempt(home, Attempt(given.scope, _finished(given), None))
    return commit(draft, given, len(items), len(shown), readings)


def _land_input(draft: SnapshotWriter, name: str, records: Iterable[Body] | InputReading, whole: bool) -> InputReading:
    """Land the records of an input; a reading that was refused or failed has none."""
    if isinstance(records, InputReading):
        return records
    [source] = [source for source in INPUTS if source.name == name]
    bodies = list(records)
    for page in bodies if name == "checkpoints" else [bodies]:
        draft.write(name, json_text({source.path[0]: page, "count": len(bodies)}).encode())
    period = (draft.as_of - source.kept, draft.as_of) if source.kept else (None, None)
    return InputReading(name, GRANTED, whole, None if whole else "a page was missing", len(bodies), *period)


def commit(
    draft: SnapshotWriter, given: Landed, listed: int = 1, shown: int = 1, inputs: tuple[InputReading, ...] = ()
) -> Snapshot:
    """Commit what a draft holds as the extraction would."""
    with patch("pipelines.clock.utc_now", lambda: _finished(given)):
        return draft.commit(
            complete=given.complete,
            incomplete_reason=None if given.complete else "a page was missing",
            is_sandbox=False,
            region=given.region,
            project_id=given.project,
            domain_id=given.domain,
            pages=1,
            looks=1,
            listed=listed,
            shown=shown,
            reused=0,
            unread=0,
            vanished=given.vanished,
            requests=1 + shown,
            retries=0,
            inputs=inputs,
        )


def _finished(given: Landed) -> datetime:
    return given.as_of + timedelta(seconds=5)


@contextmanager
def undescribed() -> Iterator[None]:
    """Publish without words on three thousand columns, which take a third of the time."""
    with patch("pipelines.flow.build.comment_on_all"), patch("pipelines.flow.build.fill_catalog", return_value=0):
        yield


@contextmanager
def describing() -> Iterator[None]:
    """Publish as users do, with words on every relation and column."""
    with (
        patch("pipelines.flow.build.comment_on_all", comment_on_all),
        patch("pipelines.flow.build.fill_catalog", fill_catalog),
    ):
        yield


def publish(home: Home, *given: Landed, run_id: str = "run-1", described: bool = False) -> Home:
    """Land snapshots, then run every later step of the job; columns are described only where that is asked for."""
    fold(home, *given)
    with describing() if described else nullcontext():
        publish_draft(home, build_draft(home, run_id))
    return home


def fold(home: Home, *given: Landed) -> Home:
    """Land snapshots, write their tables, and take them into the history; publish nothing."""
    home.prepare()
    for one in given:
        land(home, one)
    normalize_landed(home)
    return home


def ask(home: Home, sql: str, *, rules: Rules | None = None, zone: str = "UTC") -> list[dict[str, Any]]:
    """Return the rows of a query on what is landed: built in memory, with no model that it does not need."""
    [rows] = ask_all(home, sql, rules=rules, zone=zone)
    return rows


def ask_all(home: Home, *queries: str, rules: Rules | None = None, zone: str = "UTC") -> list[list[dict[str, Any]]]:
    """Return the rows of each query, of models that are built once for all of them."""
    named = {
        f"{schema}.{name}" for sql in queries for schema, name in re.findall(r"\b([a-z]+)\.([a-z_]+)", sql)
    } & project().columns.keys()
    with connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        fill_sources(connection, read_inputs(home, "run-1", rules or Rules()), project())
        build_models(connection, project().upstream(named))
        return [_rows(connection.execute(sql)) for sql in queries]


def _rows(cursor: DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def put_input(home: Home, name: str, content: str | bytes | pa.Table, *, hours: float | None = None) -> Path:
    """Write a file of the user into the home, modified so many hours before AS_OF, or now."""
    home.inputs.mkdir(parents=True, exist_ok=True)
    path = home.inputs / name
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    if hours is not None:
        moment = (AS_OF - timedelta(hours=hours)).replace(tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    return path


def query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """Ask the published file."""
    with connect(home.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _with(body: Body, more: Body) -> Body:
    """Overlay `more`; within extend_info key by key. `...` takes a key away."""
    body = deepcopy(body)
    info = more.pop("extend_info", {})
    if isinstance(info, dict) and info:
        body["extend_info"] = body["extend_info"] | info
    for key, value in more.items():
        body[key] = value
    body["extend_info"] = {key: value for key, value in body["extend_info"].items() if value is not ...}
    return {key: value for key, value in body.items() if value is not ...}
