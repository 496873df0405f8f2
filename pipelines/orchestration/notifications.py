"""The sensors that post to the webhook: changed results, and failed runs.

They keep their own cursors. Dagster's run-failure sensor forgets a failure that could not be posted, and does not see
runs of the command line.
"""

import dagster as dg

from pipelines import clock
from pipelines.alerts.notified import read_notified_results, read_pending_alerts, write_notified_results
from pipelines.alerts.webhook import post
from pipelines.orchestration.failed_runs import FailureCursor, message_about, new_failed_runs
from pipelines.orchestration.resources import Warehouse
from pipelines.storage.connection import read_published
from pipelines.storage.home import Home

_INTERVAL_SECONDS = 60
_MAX_RUNS = 5  # failed runs that are posted in one evaluation
_NO_WEBHOOK = "CBR_WEBHOOK is not set, so nothing is posted"


def build_change_sensor(webhook: str | None) -> dg.SensorDefinition:
    """Return the sensor that posts changed results. It runs only if there is a webhook."""

    @dg.sensor(
        name="notify_changes",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=_status(webhook),
        description="Posts to CBR_WEBHOOK which results changed since its last message, whoever published them. A "
        "message that could not be posted is posted later.",
    )
    def notify_changes(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SkipReason:
        if not webhook:
            return dg.SkipReason(_NO_WEBHOOK)
        home = Home(warehouse.settings().home)
        if not home.warehouse.exists():
            return dg.SkipReason(f"nothing is published in {home.path}")
        # The file is never changed, only replaced by another.
        modified_at = str(home.warehouse.stat().st_mtime_ns)
        if context.cursor == modified_at:
            return dg.SkipReason("nothing was published since the last evaluation")
        with read_published(home.warehouse) as connection:
            pending = read_pending_alerts(connection, read_notified_results(home))
        for message in pending.messages:
            post(webhook, message)
        write_notified_results(home, pending.results)
        context.update_cursor(modified_at)
        return dg.SkipReason("posted" if pending.messages else "no result changed since the last message")

    return notify_changes


def build_failure_sensor(webhook: str | None) -> dg.SensorDefinition:
    """Return the sensor that posts failed runs. It runs only if there is a webhook."""

    @dg.sensor(
        name="notify_failures",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=_status(webhook),
        description="Posts to CBR_WEBHOOK each failed run: why it failed, what to do, and whether it published all "
        "the same. A message that could not be posted is posted later.",
    )
    def notify_failures(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not webhook:
            return dg.SkipReason(_NO_WEBHOOK)
        cursor = FailureCursor.parse(context.cursor)
        if cursor is None:
            context.update_cursor(str(FailureCursor(clock.utc_now(), ())))
            return dg.SkipReason("every run that fails from now on will be posted")
        failed_runs = new_failed_runs(context, cursor)
        for record in failed_runs[:_MAX_RUNS]:
            post(webhook, message_about(context.instance, record.dagster_run))
            cursor = cursor.advance(record)
            context.update_cursor(str(cursor))
        return dg.SkipReason(f"{len(failed_runs)} runs have failed since the last evaluation")

    return notify_failures


def _status(webhook: str | None) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if webhook else dg.DefaultSensorStatus.STOPPED
