"""The code location, assembled from the assets, checks, jobs, schedule and sensors of this folder.

Tests and the command line call `build_definitions` with settings of their own; Dagster loads pipelines/definitions.py.
"""

from datetime import timedelta

import dagster as dg

from pipelines.config import DeploymentSettings
from pipelines.extract.run import Progress
from pipelines.orchestration.assets import build_assets
from pipelines.orchestration.jobs import build_schedule, cbr_snapshot, replay, report
from pipelines.orchestration.resources import Warehouse

_LOCK_SECONDS = 900.0  # how long an unattended run waits for another run in its home
_FRESH_GROUPS = ("load", "compliance")  # what people read


def build_definitions(
    warehouse: Warehouse | None = None,
    progress: Progress = lambda *_: None,
    deployment: DeploymentSettings | None = None,
) -> dg.Definitions:
    """Return the definitions of the code location.

    With `deployment`, also everything that makes it run unattended: schedule, sensors and freshness policies.
    """
    definitions = build_assets(progress, _LOCK_SECONDS if deployment else 0.0)
    checks = [definition for definition in definitions if isinstance(definition, dg.AssetChecksDefinition)]
    assets = [definition for definition in definitions if not isinstance(definition, dg.AssetChecksDefinition)]
    schedules: list[dg.ScheduleDefinition] = []
    sensors: list[dg.SensorDefinition] = []
    if deployment:
        from pipelines.orchestration.sensors import build_sensors

        policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=deployment.fresh_hours))
        assets = [asset.map_asset_specs(lambda spec: _with_freshness(spec, policy)) for asset in assets]
        schedules, sensors = [build_schedule(deployment)], build_sensors(deployment)
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


def _with_freshness(spec: dg.AssetSpec, policy: dg.FreshnessPolicy) -> dg.AssetSpec:
    return dg.apply_freshness_policy(spec, policy) if spec.group_name in _FRESH_GROUPS else spec
