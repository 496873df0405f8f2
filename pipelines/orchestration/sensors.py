"""The sensors that start runs: retries of failed clouds, and the report. notifications.py has those that post."""

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from pipelines import clock
from pipelines.config import DeploymentSettings
from pipelines.landing.attempts import read_attempts
from pipelines.landing.manifest import read_snapshots
from pipelines.orchestration.jobs import cbr_snapshot, report
from pipelines.orchestration.keys import SUMMARY
from pipelines.orchestration.notifications import build_change_sensor, build_failure_sensor
from pipelines.orchestration.resources import Warehouse
from pipelines.orchestration.retries import DELAY_MINUTES, due_retries
from pipelines.storage.home import Home

_INTERVAL_SECONDS = 60
_UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def build_sensors(deployment: DeploymentSettings) -> list[dg.SensorDefinition]:
    """Return all sensors. Clouds are retried in production only, unless somebody starts the sensor."""
    return [
        _retry_sensor(is_production=deployment.is_production),
        _report_sensor(),
        build_change_sensor(deployment.webhook),
        build_failure_sensor(deployment.webhook),
    ]


def _retry_sensor(*, is_production: bool) -> dg.SensorDefinition:
    @dg.sensor(
        name="retry_failed_clouds",
        job=cbr_snapshot,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if is_production else dg.DefaultSensorStatus.STOPPED,
        description="Reads a cloud again whose reading failed with an error that may go away by itself: after "
        f"{', '.join(map(str, DELAY_MINUTES))} minutes, and so on. Other clouds are not read again.",
    )
    def retry_failed_clouds(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_run_records(RunsFilter(job_name=cbr_snapshot.name, statuses=_UNFINISHED), limit=1):
            return dg.SkipReason("a run is in progress")
        settings = warehouse.settings()
        home = Home(settings.home)
        attempts = due_retries(read_attempts(home, read_snapshots(home)), settings.clouds, clock.utc_now())
        if not attempts:
            return dg.SkipReason("no cloud is due for a retry")
        clouds = ",".join(attempt.scope for attempt in attempts)
        config = warehouse.model_dump() | {"clouds": clouds}
        return dg.RunRequest(
            run_key=" ".join(f"{attempt.scope} after {attempt.at.isoformat()}" for attempt in attempts),
            run_config={"resources": {"warehouse": {"config": config}}},
            tags={"cbr/retry": clouds},
        )

    return retry_failed_clouds


def _report_sensor() -> dg.SensorDefinition:
    @dg.asset_sensor(
        asset_key=SUMMARY,
        job=report,
        name="report_after_publication",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes the report after the warehouse was published. If that fails, the data stays published.",
    )
    def report_after_publication(context: dg.SensorEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.cursor)

    return report_after_publication
