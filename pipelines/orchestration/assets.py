"""The steps of the jobs as Dagster assets: land, normalize, build, the check of the readings, and the report.

The work is done in flow/ and reports/. Here its results become materializations, check results, or a failure.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import dagster as dg
from pydantic import Field

from pipelines.errors import WarehouseError
from pipelines.extract.run import Progress
from pipelines.flow.build import build_draft, publish_draft
from pipelines.flow.judge import judge_unjudged
from pipelines.flow.land import land_clouds, require_any_snapshot, stale_scopes_error
from pipelines.flow.normalize import normalize_landed, resolve_snapshot_ids
from pipelines.orchestration.checks import audit_check_result, audit_check_specs, landing_check_spec
from pipelines.orchestration.failures import to_failure
from pipelines.orchestration.keys import SUMMARY, relations_of
from pipelines.orchestration.metadata import (
    landing_metadata,
    relation_metadata,
    report_metadata,
    scope_tags,
    summary_metadata,
    table_metadata,
    trend_metadata,
)
from pipelines.orchestration.resources import Warehouse
from pipelines.orchestration.specs import landing_spec, report_spec, table_specs, warehouse_specs
from pipelines.storage.home import Home

_T = TypeVar("_T")
Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


class NormalizeConfig(dg.Config):
    """Which snapshots are normalized again."""

    replay: str = Field(
        default="", description="The id of a snapshot, as 20261123T020000Z, or `all`. Empty: only new snapshots."
    )


def build_assets(progress: Progress, lock_seconds: float = 0.0) -> list[dg.AssetsDefinition]:
    """Return the assets and the check of the readings.

    `progress` is called while details are read; a run waits up to `lock_seconds` for another run in the home.
    """

    @dg.multi_asset(name="land", specs=[landing_spec()])
    def land(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Read every configured cloud over HTTP and land its responses."""
        settings = _run(warehouse.settings)
        results = _run(lambda: land_clouds(settings, progress, lock_seconds))
        context.instance.add_run_tags(context.run.run_id, scope_tags(results))
        _run(lambda: require_any_snapshot(results))
        yield dg.MaterializeResult(metadata=landing_metadata(Home(settings.home), results))

    @dg.multi_asset(name="normalize", specs=table_specs())
    def normalize(context: dg.AssetExecutionContext, config: NormalizeConfig, warehouse: Warehouse) -> Results:
        """Flatten the newest complete snapshot of each scope into Parquet tables."""
        home = _home(warehouse)
        with _locked(home, lock_seconds):
            snapshot_ids = _run(lambda: resolve_snapshot_ids(home, config.replay)) if config.replay else []
            _run(lambda: judge_unjudged(home, context.run.run_id))
            manifests = _run(lambda: normalize_landed(home, snapshot_ids))
        keys = {spec.key.path[-1]: spec.key for spec in table_specs()}
        for name, metadata in table_metadata(home, keys, manifests).items():
            yield dg.MaterializeResult(asset_key=keys[name], metadata=metadata)

    @dg.multi_asset(name="build", specs=warehouse_specs(), check_specs=audit_check_specs())
    def build(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Build a draft of the DuckDB file, audit it, and publish it unless an audit forbids it."""
        home = _home(warehouse)
        with _locked(home, lock_seconds):
            draft = _run(lambda: build_draft(home, context.run.run_id))
            yield from map(audit_check_result, draft.audits)
            _run(lambda: publish_draft(home, draft))
            summary = _run(lambda: summary_metadata(home), published=True)
        for spec in warehouse_specs():
            metadata = relation_metadata(home, draft, relations_of(spec.key))
            yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata | (summary if spec.key == SUMMARY else {}))

    @dg.multi_asset_check(name="check_every_cloud", specs=[landing_check_spec()])
    def check_every_cloud(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        """Fail if a cloud of the run has no complete new snapshot, after the others are published."""
        home = _home(warehouse)
        error = _run(lambda: stale_scopes_error(home, warehouse.settings().clouds), published=True)
        yield dg.AssetCheckResult(passed=error is None, metadata={"reason": str(error)} if error else {})
        if error:
            raise to_failure(error, published=True)

    @dg.multi_asset(name="write_report", specs=[report_spec()])
    def write_report(warehouse: Warehouse) -> Results:
        """Write the page and the workbook of the published warehouse."""
        from pipelines.reports import report

        home = _home(warehouse)
        started = time.monotonic()
        page = _run(lambda: report.write_report(home))
        seconds = time.monotonic() - started
        yield dg.MaterializeResult(metadata=report_metadata(page, seconds) | _run(lambda: trend_metadata(home)))

    return [land, normalize, build, check_every_cloud, write_report]


def _home(warehouse: Warehouse) -> Home:
    return Home(_run(warehouse.settings).home)


@contextmanager
def _locked(home: Home, lock_seconds: float) -> Iterator[None]:
    """Keep other runs out of the home. Fail if another run holds the lock for longer than `lock_seconds`."""
    with ExitStack() as stack:
        _run(lambda: stack.enter_context(home.lock(lock_seconds)))
        yield


def _run(step: Callable[[], _T], *, published: bool = False) -> _T:
    """Return the result of a step; raise any error of it as a Dagster failure.

    `published` says that the warehouse was published before.
    """
    try:
        return step()
    except WarehouseError as error:
        raise to_failure(error, published=published) from None
    except Exception as error:
        message = f"the step failed unexpectedly: {type(error).__name__}: {error}"
        hint = "Run again with --verbose for the traceback, and report it."
        raise to_failure(WarehouseError(message, hint), published=published) from error
