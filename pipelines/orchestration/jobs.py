"""The jobs, and the schedule of the one that reads the clouds."""

import dagster as dg

from pipelines.config import DeploymentSettings
from pipelines.errors import ConfigurationError
from pipelines.orchestration.keys import LANDING, REPORT

# A step that fails, fails again until somebody fixes the cause. A run that died with its machine may be retried.
_TAGS = {"dagster/retry_on_asset_or_op_failure": "false"}

cbr_snapshot = dg.define_asset_job(
    "cbr_snapshot",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(REPORT),
    description="Read every cloud, load and judge its backups, and publish the warehouse.",
    tags=_TAGS,
)
replay = dg.define_asset_job(
    "replay",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(LANDING, REPORT),
    description="Repeat every step after landing, offline: for all landed snapshots, or for the one in `replay` of the "
    "step `normalize`. The result is judged by the present SQL, policy and waivers.",
    config={"ops": {"normalize": {"config": {"replay": "all"}}}},
    tags=_TAGS,
)
report = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(REPORT),
    description="Write the page and the workbook of the published warehouse.",
    tags=_TAGS,
)


def build_schedule(deployment: DeploymentSettings) -> dg.ScheduleDefinition:
    """Return the schedule of `cbr_snapshot`. Raise ConfigurationError if the cron expression is not valid.

    It runs in production only: a checkout that somebody tries out should not call a cloud until they start it.
    """
    status = dg.DefaultScheduleStatus
    try:
        return dg.ScheduleDefinition(
            name="cbr_snapshot_schedule",
            job=cbr_snapshot,
            cron_schedule=deployment.cron,
            execution_timezone=deployment.zone,
            default_status=status.RUNNING if deployment.is_production else status.STOPPED,
            description=f"Reads the clouds at {deployment.cron}, in {deployment.zone}. Set CBR_SCHEDULE and "
            "CBR_SCHEDULE_ZONE to change it.",
        )
    except dg.DagsterInvalidDefinitionError:
        raise ConfigurationError(
            f"CBR_SCHEDULE={deployment.cron!r} is not a cron expression", "Set it to one, for example '0 2 * * *'."
        ) from None
