"""The steps that Dagster runs: land, normalize, build and publish, report.

Each is a function of flow.py or reports/; here its result becomes materializations, check results, or one clear
failure. What a materialization says is in shows.py.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import dagster as dg
from pydantic import Field

from pipelines.errors import WarehouseError
from pipelines.extract.snapshot import Progress
from pipelines.flow.build import build_draft, publish_draft
from pipelines.flow.judge import judge_unjudged
from pipelines.flow.land import land_clouds, require_any_snapshot, stale_scopes_error
from pipelines.flow.normalize import normalize_landed, resolve_snapshot_ids
from pipelines.models.audit import ERROR, AuditResult
from pipelines.orchestration import shows
from pipelines.orchestration.resources import Warehouse, failure
from pipelines.orchestration.specs import (
    check_specs,
    landing_check_spec,
    landing_spec,
    relation_key,
    relations_of,
    report_spec,
    table_specs,
    warehouse_specs,
)
from pipelines.storage.home import Home

T = TypeVar("T")
Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


class Again(dg.Config):
    """What is made anew though it is there."""

    again: str = Field(
        default="", description="A snapshot's id, as 20261123T020000Z, or `all`. Empty: only what is not there yet."
    )


def build_assets(progress: Progress, patience: float = 0.0) -> list[dg.AssetsDefinition]:
    """Return the assets and the check of the landing.

    `progress` hears how far the reading of details is; `patience` are seconds to wait for another run in the home.
    """

    @dg.multi_asset(name="land", specs=[landing_spec()])
    def land(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Read every configured cloud over HTTP and keep what it says."""
        settings = _or_fail(warehouse.settings)
        readings = _or_fail(lambda: land_clouds(settings, progress, patience))
        context.instance.add_run_tags(context.run.run_id, shows.scope_tags(readings))
        _or_fail(lambda: require_any_snapshot(readings))
        yield dg.MaterializeResult(metadata=shows.landed(Home(settings.home), readings))

    @dg.multi_asset(name="normalize", specs=table_specs())
    def normalize(context: dg.AssetExecutionContext, config: Again, warehouse: Warehouse) -> Results:
        """Flatten the newest complete snapshot of each scope into Parquet tables."""
        home = _home(warehouse)
        with _held(home, patience):
            again = _or_fail(lambda: resolve_snapshot_ids(home, config.again)) if config.again else []
            _or_fail(lambda: judge_unjudged(home, context.run.run_id))
            loaded = _or_fail(lambda: normalize_landed(home, again))
        keys = {spec.key.path[-1]: spec.key for spec in table_specs()}
        for name, shown in shows.tables(home, keys, loaded).items():
            yield dg.MaterializeResult(asset_key=keys[name], metadata=shown)

    @dg.multi_asset(name="build", specs=warehouse_specs(), check_specs=check_specs())
    def build(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Build the DuckDB draft, audit it, and publish it if no audit forbids."""
        home = _home(warehouse)
        with _held(home, patience):
            draft = _or_fail(lambda: build_draft(home, context.run.run_id))
            yield from (_checked(found) for found in draft.audits)
            _or_fail(lambda: publish_draft(home, draft))
            answer = _or_fail(lambda: shows.answer(home), published=True)
        for spec in warehouse_specs():
            shown = shows.relations(home, draft, relations_of(spec.key))
            more = answer if spec.key == relation_key("compliance.summary") else {}
            yield dg.MaterializeResult(asset_key=spec.key, metadata=shown | more)

    @dg.multi_asset_check(name="land_every_cloud", specs=[landing_check_spec()])
    def land_every_cloud(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        """Fail where a cloud of the run could not be read whole: after the others are published, not before."""
        home = _home(warehouse)
        problem = _or_fail(lambda: stale_scopes_error(home, warehouse.settings().clouds), published=True)
        yield dg.AssetCheckResult(passed=problem is None, metadata={"why": str(problem)} if problem else {})
        if problem:
            raise failure(problem, published=True)

    @dg.multi_asset(name="write_report", specs=[report_spec()])
    def write_report(warehouse: Warehouse) -> Results:
        """Write the page and the workbook of what is published."""
        from pipelines.reports import report

        home = _home(warehouse)
        began = time.monotonic()
        page = _or_fail(lambda: report.write_report(home))
        seconds = time.monotonic() - began
        yield dg.MaterializeResult(metadata=_or_fail(lambda: shows.report(home, page, seconds)))

    return [land, normalize, build, land_every_cloud, write_report]


def _home(warehouse: Warehouse) -> Home:
    return Home(_or_fail(warehouse.settings).home)


@contextmanager
def _held(home: Home, patience: float) -> Iterator[None]:
    """Keep other runs out; fail where one is in and stays."""
    with ExitStack() as stack:
        _or_fail(lambda: stack.enter_context(home.lock(patience)))
        yield


def _or_fail(step: Callable[[], T], *, published: bool = False) -> T:
    """Run a step; a problem becomes a failure, which is tried again only where it may pass.

    `published` says that the warehouse already was.
    """
    try:
        return step()
    except WarehouseError as problem:
        raise failure(problem, published=published) from None
    except Exception as error:
        what = f"it met what it does not know: {type(error).__name__}: {error}"
        cure = "Run again with --verbose for the trace, and report it."
        raise failure(WarehouseError(what, cure), published=published) from error


def _checked(found: AuditResult) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if found.audit.severity == ERROR else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=found.offenders == 0,
        check_name=found.audit.name,
        asset_key=relation_key(found.audit.relation),
        severity=severity,
        metadata=shows.offenders(found),
    )
