"""What is done after runs, each on its own so that none holds a run up: reading again, the report, telling people.

Belongs here: when it is looked. Does not belong here: which runs failed (failed.py), the words, the webhook and what
was told (alerts/), the report (reports/).

Telling stands on sensors that keep their own cursor. Dagster's run-failure sensor forgets a failure whose telling
failed, and does not see runs of the command line.
"""

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from pipelines import clock
from pipelines.alerts.notified import read_notified_results, read_pending_alerts, write_notified_results
from pipelines.alerts.webhook import post
from pipelines.config import Operation
from pipelines.landing.attempts import read_attempts
from pipelines.orchestration.again import DELAYS, due
from pipelines.orchestration.failed import Seen, failures, text_of
from pipelines.orchestration.jobs import cbr_snapshot, report
from pipelines.orchestration.resources import Warehouse
from pipelines.orchestration.specs import relation_key
from pipelines.storage.connection import read_published
from pipelines.storage.home import Home

_EVERY = 60  # seconds
_AT_ONCE = 5  # runs that are told of in one look
_UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
_NOBODY = "CBR_WEBHOOK names no webhook, so nobody is told"


def sensors_of(operation: Operation) -> list[dg.SensorDefinition]:
    """Return the sensors; those that tell people run where it is said whom."""
    running, stopped = dg.DefaultSensorStatus.RUNNING, dg.DefaultSensorStatus.STOPPED
    told = running if operation.webhook else stopped
    return [
        _again(running if operation.is_production else stopped),
        _published(),
        _changed(operation.webhook, told),
        _failed(operation.webhook, told),
    ]


def _again(status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="read_failed_clouds_again",
        job=cbr_snapshot,
        minimum_interval_seconds=_EVERY,
        default_status=status,
        description="Reads a cloud again, it alone, whose reading failed of something that may heal by itself: after "
        f"{', '.join(map(str, DELAYS))} minutes, and so on. The others keep what was read of them.",
    )
    def read_failed_clouds_again(
        context: dg.SensorEvaluationContext, warehouse: Warehouse
    ) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_run_records(RunsFilter(job_name=cbr_snapshot.name, statuses=_UNFINISHED), limit=1):
            return dg.SkipReason("a reading is under way")
        settings = warehouse.settings()
        failed = due(read_attempts(Home(settings.home)), settings.clouds, clock.utc_now())
        if not failed:
            return dg.SkipReason("no cloud is due to be read again")
        clouds = ",".join(attempt.scope for attempt in failed)
        config = warehouse.model_dump() | {"clouds": clouds}
        return dg.RunRequest(
            run_key=" ".join(f"{attempt.scope} after {attempt.at.isoformat()}" for attempt in failed),
            run_config={"resources": {"warehouse": {"config": config}}},
            tags={"cbr/read_again": clouds},
        )

    return read_failed_clouds_again


def _published() -> dg.SensorDefinition:
    @dg.asset_sensor(
        asset_key=relation_key("compliance.summary"),
        job=report,
        name="report_what_was_published",
        minimum_interval_seconds=_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Whenever the warehouse was published, writes its report. A report that fails fails no reading.",
    )
    def report_what_was_published(context: dg.SensorEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.cursor)

    return report_what_was_published


def _changed(webhook: str | None, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="tell_what_changed",
        minimum_interval_seconds=_EVERY,
        default_status=status,
        description="Posts to CBR_WEBHOOK how results are otherwise than what it told last, whoever published them. "
        "What could not be posted is posted at a later look.",
    )
    def tell_what_changed(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SkipReason:
        if not webhook:
            return dg.SkipReason(_NOBODY)
        home = Home(warehouse.settings().home)
        if not home.warehouse.exists():
            return dg.SkipReason(f"nothing is published in {home.path}")
        # A file is never changed, only replaced by another.
        seen = str(home.warehouse.stat().st_mtime_ns)
        if context.cursor == seen:
            return dg.SkipReason("nothing was published since the last look")
        with read_published(home.warehouse) as connection:
            pending = read_pending_alerts(connection, read_notified_results(home))
        for message in pending.messages:
            post(webhook, message)
        write_notified_results(home, pending.results)
        context.update_cursor(seen)
        return dg.SkipReason("posted" if pending.messages else "no result is otherwise than what was told")

    return tell_what_changed


def _failed(webhook: str | None, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="tell_what_failed",
        minimum_interval_seconds=_EVERY,
        default_status=status,
        description="Posts to CBR_WEBHOOK of each run that failed: why, what to do, and whether it published all the "
        "same. What could not be posted is posted at a later look.",
    )
    def tell_what_failed(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not webhook:
            return dg.SkipReason(_NOBODY)
        seen = Seen.of(context.cursor)
        if seen is None:
            context.update_cursor(str(Seen(clock.utc_now(), ())))
            return dg.SkipReason("from now on, each run that fails is told")
        failed = failures(context, seen)
        for record in failed[:_AT_ONCE]:
            post(webhook, text_of(context.instance, record.dagster_run))
            seen = seen.and_of(record)
            context.update_cursor(str(seen))
        return dg.SkipReason(f"{len(failed)} runs have failed since the last look")

    return tell_what_failed
