"""The three steps that Dagster runs: land, normalize, build and publish.

Each is a function of flow.py; here its result becomes materializations, check results, or one clear failure.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import dagster as dg

from pipelines import flow
from pipelines.extract.landing import Snapshot
from pipelines.extract.snapshot import Progress
from pipelines.home import Home
from pipelines.models.audit import ERROR, Audited
from pipelines.orchestration.resources import Warehouse, failure
from pipelines.orchestration.specs import (
    check_specs,
    landing_spec,
    relation_key,
    relations_of,
    table_specs,
    warehouse_specs,
)
from pipelines.problem import Problem

T = TypeVar("T")
Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def build_assets(progress: Progress) -> list[dg.AssetsDefinition]:
    """Return the assets; `progress` hears how far the reading of details is."""

    @dg.multi_asset(name="land", specs=[landing_spec()])
    def land(warehouse: Warehouse) -> Results:
        """Read every configured cloud over HTTP and keep what it says."""
        readings = _or_fail(lambda: flow.land_clouds(warehouse.settings(), progress))
        snapshots = [reading.snapshot for reading in readings if reading.snapshot]
        yield dg.MaterializeResult(
            metadata={
                "backups listed": sum(snapshot.listed for snapshot in snapshots),
                "requests": sum(snapshot.requests for snapshot in snapshots),
                "retries": sum(snapshot.retries for snapshot in snapshots),
                "scopes that failed": [reading.scope for reading in readings if reading.problem],
                "snapshots": dg.MetadataValue.md(_snapshots(snapshots)),
            }
        )

    @dg.multi_asset(name="normalize", specs=table_specs())
    def normalize(warehouse: Warehouse) -> Results:
        """Flatten the newest complete snapshot of each scope into Parquet tables."""
        home = _home(warehouse)
        with _held(home):
            loaded = _or_fail(lambda: flow.normalize_landed(home))
        for spec in table_specs():
            table = spec.key.path[-1]
            paths = [path for one in loaded for path in one.paths(home, table)]
            yield dg.MaterializeResult(
                asset_key=spec.key,
                metadata={
                    "dagster/row_count": sum(one.rows.get(table, 0) for one in loaded),
                    "bytes": sum(path.stat().st_size for path in paths),
                    "files": "\n".join(map(str, paths)),
                },
            )

    @dg.multi_asset(name="build", specs=warehouse_specs(), check_specs=check_specs())
    def build(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Build the DuckDB draft, audit it, and publish it if no audit forbids."""
        home = _home(warehouse)
        with _held(home):
            draft = _or_fail(lambda: flow.build_draft(home, context.run.run_id))
            yield from (_checked(found) for found in draft.audited)
            _or_fail(lambda: flow.publish(home, draft))
        path = dg.MetadataValue.path(str(home.warehouse))
        for spec in warehouse_specs():
            rows = [draft.rows[relation] for relation in relations_of(spec.key) if relation in draft.rows]
            counted = {"dagster/row_count": sum(rows)} if rows else {}  # a view has none of its own
            yield dg.MaterializeResult(asset_key=spec.key, metadata={**counted, "file": path})
        if problem := flow.stale(home, warehouse.settings().clouds):
            raise failure(problem, published=True)

    return [land, normalize, build]


def _home(warehouse: Warehouse) -> Home:
    return Home(_or_fail(warehouse.settings).home)


@contextmanager
def _held(home: Home) -> Iterator[None]:
    """Keep other runs out; fail where one is in."""
    with ExitStack() as stack:
        _or_fail(lambda: stack.enter_context(home.held()))
        yield


def _or_fail(step: Callable[[], T]) -> T:
    """Run a step; a problem becomes a failure that no policy tries again."""
    try:
        return step()
    except Problem as problem:
        raise failure(problem) from None


def _checked(found: Audited) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if found.audit.severity == ERROR else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=found.offenders == 0,
        check_name=found.audit.name,
        asset_key=relation_key(found.audit.relation),
        severity=severity,
        metadata={
            "offenders": found.offenders,
            "sample": dg.MetadataValue.json([_plain(row) for row in found.sample]),
        },
    )


def _plain(row: dict[str, object]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in row.items()}


def _snapshots(snapshots: list[Snapshot]) -> str:
    """Return the snapshots as a Markdown table."""
    head = "| scope | snapshot | complete | listed | shown | vanished | seconds |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {s.scope} | {s.snapshot_id} | {s.incomplete_reason or 'yes'} | {s.listed} | {s.shown} "
        f"| {len(s.vanished)} | {s.seconds:.1f} |\n"
        for s in snapshots
    )
