"""What is done after runs, each on its own so that none holds a run up: the report, and telling people.

Belongs here: when it is looked, and what is remembered between two looks. Does not belong here: the words and the
webhook (alerts/), the report (reports/).
"""

import json

import dagster as dg

from pipelines.alerts.changes import read_news
from pipelines.alerts.webhook import post
from pipelines.config import Operation
from pipelines.duck import published
from pipelines.home import Home
from pipelines.orchestration.jobs import cbr_snapshot, replay, report
from pipelines.orchestration.resources import CURE, PUBLISHED, Warehouse
from pipelines.orchestration.specs import relation_key

_EVERY = 60  # seconds
_NOBODY = "CBR_WEBHOOK names no webhook, so nobody is told"


def sensors_of(operation: Operation) -> list[dg.SensorDefinition]:
    """Return the sensors; those that tell people run where it is said whom."""
    told = dg.DefaultSensorStatus.RUNNING if operation.webhook else dg.DefaultSensorStatus.STOPPED
    return [_published(), _changed(operation.webhook, told), _failed(operation.webhook, told)]


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
        description="Posts what is new in `compliance.control_result_events` to CBR_WEBHOOK: each change once, also "
        "where another program published it. What could not be posted is tried again at the next look.",
    )
    def tell_what_changed(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SkipReason | None:
        if not webhook:
            return dg.SkipReason(_NOBODY)
        home = Home(warehouse.settings().home)
        if not home.warehouse.exists():
            return dg.SkipReason(f"nothing is published in {home.path}")
        # A file is never changed, only replaced by another.
        at = str(home.warehouse.stat().st_mtime_ns)
        seen = json.loads(context.cursor or "{}")
        if seen.get("at") == at:
            return dg.SkipReason("nothing was published since the last look")
        with published(home.warehouse) as connection:
            news = read_news(connection, {scope: (told[0], told[1]) for scope, told in seen.get("told", {}).items()})
        if news.text:
            post(webhook, news.text)
        context.update_cursor(json.dumps({"at": at, "told": news.told}))
        return dg.SkipReason("posted" if news.text else "no result has changed")

    return tell_what_changed


def _failed(webhook: str | None, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="tell_what_failed",
        monitored_jobs=[cbr_snapshot, replay, report],
        minimum_interval_seconds=_EVERY,
        default_status=status,
        description="Posts to CBR_WEBHOOK that a run failed, why, what to do, and whether it published all the same.",
    )
    def tell_what_failed(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if not webhook:
            return dg.SkipReason(_NOBODY)
        post(webhook, failure_text(context))
        return None

    return tell_what_failed


def failure_text(context: dg.RunFailureSensorContext) -> str:
    """Return what to tell of a run that failed."""
    run = context.dagster_run
    for event in context.get_step_failure_events():
        said = event.step_failure_data.user_failure_data
        if said and said.description and CURE in said.metadata:
            how = (
                "published, but not all is well"
                if said.metadata[PUBLISHED].value
                else "failed; what was published stays"
            )
            return f"*{run.job_name}* {how}: {said.description}. {said.metadata[CURE].value} (run {run.run_id})"
    # What others say of a failure may hold anything: it stays in Dagster.
    return f"*{run.job_name}* failed; what was published stays. See run {run.run_id} in Dagster."
