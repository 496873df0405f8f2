"""The job and when it runs."""

import dagster as dg

cbr_snapshot = dg.define_asset_job(
    "cbr_snapshot",
    selection=dg.AssetSelection.all(),
    description="Read every cloud, load what it says, judge it, and publish the warehouse.",
)

# Stopped until an operator starts it: a checkout that is merely looked at should call no cloud.
DAILY = dg.ScheduleDefinition(
    name="cbr_snapshot_daily",
    job=cbr_snapshot,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every day at 02:00 UTC.",
)
