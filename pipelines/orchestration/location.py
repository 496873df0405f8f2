"""The code location, assembled. Nothing is defined here.

Tests and the command line call `build_definitions` with their own settings; Dagster loads pipelines/definitions.py.
"""

from datetime import timedelta

import dagster as dg

from pipelines.config import Operation
from pipelines.extract.run import Progress
from pipelines.orchestration.assets import build_assets
from pipelines.orchestration.jobs import cbr_snapshot, replay, report, schedule_of
from pipelines.orchestration.resources import Warehouse

_PATIENCE = 900.0  # seconds that a run waits for another one in its home, where nobody waits for it
_READ_BY_PEOPLE = ("load", "compliance")  # groups


def build_definitions(
    warehouse: Warehouse | None = None, progress: Progress = lambda *_: None, operation: Operation | None = None
) -> dg.Definitions:
    """Return the code location: assets, their checks, the jobs.

    With `operation` also what makes it run by itself: the schedule, sensors, and how old it may become.
    """
    built = build_assets(progress, _PATIENCE if operation else 0.0)
    checks = [one for one in built if isinstance(one, dg.AssetChecksDefinition)]
    assets = [one for one in built if not isinstance(one, dg.AssetChecksDefinition)]
    schedules: list[dg.ScheduleDefinition] = []
    sensors: list[dg.SensorDefinition] = []
    if operation:
        from pipelines.orchestration.sensors import sensors_of

        policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=operation.fresh_hours))
        assets = [one.map_asset_specs(lambda spec: _fresh(spec, policy)) for one in assets]
        schedules, sensors = [schedule_of(operation)], sensors_of(operation)
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[cbr_snapshot, replay, report],
        resources={"warehouse": warehouse or Warehouse()},
        # The steps wait for the network and for DuckDB; a process for each would cost more than all of them.
        executor=dg.in_process_executor,
        schedules=schedules,
        sensors=sensors,
    )


def _fresh(spec: dg.AssetSpec, policy: dg.FreshnessPolicy) -> dg.AssetSpec:
    return dg.apply_freshness_policy(spec, policy) if spec.group_name in _READ_BY_PEOPLE else spec
