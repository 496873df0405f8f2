"""Which runs failed since a sensor last looked, and the message about each of them.

The texts are in alerts/; the sensor that posts them is in notifications.py.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg
from dagster import DagsterEventType, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from pipelines.alerts.message import failure_message, unexplained_failure_message
from pipelines.orchestration.failures import from_event
from pipelines.orchestration.jobs import cbr_snapshot, replay, report

_JOB_NAMES = {cbr_snapshot.name, replay.name, report.name}
_OVERLAP = timedelta(seconds=5)  # runs that end at about the same time may be recorded in any order
_MAX_RUN_IDS = 100  # more runs than can end within the overlap


@dataclass(frozen=True, slots=True)
class FailureCursor:
    """The runs that were reported: all that ended before `until` (naive UTC), and the newest by their ids."""

    until: datetime
    run_ids: tuple[str, ...]

    @classmethod
    def parse(cls, text: str | None) -> "FailureCursor | None":
        """Return the cursor that `str()` wrote, or None if the text is not one."""
        try:
            until, run_ids = json.loads(text or "")
            return cls(datetime.fromisoformat(until), tuple(map(str, run_ids)))
        except (ValueError, TypeError):
            return None

    def advance(self, record: RunRecord) -> "FailureCursor":
        """Return the cursor after one more run was reported."""
        until = max(self.until, record.update_timestamp.replace(tzinfo=None))
        return FailureCursor(until, (*self.run_ids, record.dagster_run.run_id)[-_MAX_RUN_IDS:])

    def __str__(self) -> str:
        return json.dumps([self.until.isoformat(), self.run_ids])


def new_failed_runs(context: dg.SensorEvaluationContext, cursor: FailureCursor) -> list[RunRecord]:
    """Return the failed runs of this code location that were not reported yet, the oldest first."""
    filters = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=cursor.until - _OVERLAP)
    records = context.instance.get_run_records(filters, order_by="update_timestamp", ascending=True)
    location = context.code_location_origin.location_name if context.code_location_origin else None
    return [
        record
        for record in records
        if record.dagster_run.run_id not in cursor.run_ids and _is_in_location(record.dagster_run, location)
    ]


def message_about(instance: dg.DagsterInstance, run: DagsterRun) -> str:
    """Return the message about a failed run."""
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE):
        failure = from_event(entry.get_dagster_event())
        if failure:
            error = failure.error
            return failure_message(run.job_name, run.run_id, error.message, error.hint, published=failure.published)
    return unexplained_failure_message(run.job_name, run.run_id)


def _is_in_location(run: DagsterRun, location: str | None) -> bool:
    """Return whether a run belongs to a code location. Runs of the command line name none, but they name their job."""
    origin = run.remote_job_origin
    if origin is None or location is None:
        return run.job_name in _JOB_NAMES
    return origin.location_name == location
