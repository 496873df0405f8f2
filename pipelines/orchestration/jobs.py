"""The jobs, and when the one that reads runs."""

import dagster as dg

from pipelines.config import Operation
from pipelines.errors import WarehouseError
from pipelines.orchestration.specs import LANDING, REPORT

# What fails here fails again until somebody mends it; a run that died with its machine may be run again.
_TAGS = {"dagster/retry_on_asset_or_op_failure": "false"}

cbr_snapshot = dg.define_asset_job(
    "cbr_snapshot",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(REPORT),
    description="Read every cloud, load what it says, judge it, and publish the warehouse.",
    tags=_TAGS,
)
replay = dg.define_asset_job(
    "replay",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(LANDING, REPORT),
    description="Make everything after landing again, offline: of all that is landed, or of the snapshot that `again` "
    "of the step `normalize` names. What it would publish is judged by today's SQL, policy and waivers.",
    config={"ops": {"normalize": {"config": {"again": "all"}}}},
    tags=_TAGS,
)
report = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(REPORT),
    description="Write the page and the workbook of what is published.",
    tags=_TAGS,
)


def schedule_of(operation: Operation) -> dg.ScheduleDefinition:
    """Return when `cbr_snapshot` runs. Raises WarehouseError if the expression is none.

    Stopped until an operator starts it, but in production: a checkout that is merely looked at should call no cloud.
    """
    status = dg.DefaultScheduleStatus
    try:
        return dg.ScheduleDefinition(
            name="cbr_snapshot_schedule",
            job=cbr_snapshot,
            cron_schedule=operation.cron,
            execution_timezone=operation.zone,
            default_status=status.RUNNING if operation.is_production else status.STOPPED,
            description=f"When the clouds are read: {operation.cron}, in {operation.zone}. CBR_SCHEDULE and "
            "CBR_SCHEDULE_ZONE say otherwise.",
        )
    except dg.DagsterInvalidDefinitionError:
        raise WarehouseError(
            f"CBR_SCHEDULE={operation.cron!r} is no cron expression", "Set it to one, for example '0 2 * * *'."
        ) from None
