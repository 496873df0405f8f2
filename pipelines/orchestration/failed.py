"""Which runs failed since the last look, and what they said.

Belongs here: reading Dagster's records. Does not belong here: the words (alerts/message.py), or when it is looked
(sensors.py).
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg
from dagster import DagsterEventType, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from pipelines.alerts.message import failure_message, unexplained_failure_message
from pipelines.orchestration.jobs import cbr_snapshot, replay, report
from pipelines.orchestration.resources import CURE, PUBLISHED

_JOBS = {cbr_snapshot.name, replay.name, report.name}
_OVERLAP = timedelta(seconds=5)  # runs that end together may be recorded in any order
_REMEMBERED = 100  # runs: more than end in that time


@dataclass(frozen=True, slots=True)
class Seen:
    """Which failures were told: all until `until` (naive UTC), the newest by their ids. `str()` is a cursor."""

    until: datetime
    runs: tuple[str, ...]

    @classmethod
    def of(cls, cursor: str | None) -> "Seen | None":
        """Return what a cursor says; nothing where it says nothing that can be read."""
        try:
            until, runs = json.loads(cursor or "")
            return cls(datetime.fromisoformat(until), tuple(map(str, runs)))
        except (ValueError, TypeError):
            return None

    def and_of(self, record: RunRecord) -> "Seen":
        """Return the same with one more run."""
        until = max(self.until, record.update_timestamp.replace(tzinfo=None))
        return Seen(until, (*self.runs, record.dagster_run.run_id)[-_REMEMBERED:])

    def __str__(self) -> str:
        return json.dumps([self.until.isoformat(), self.runs])


def failures(context: dg.SensorEvaluationContext, seen: Seen) -> list[RunRecord]:
    """Return the runs of this code location that failed and are not `seen`, the first one first."""
    filters = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=seen.until - _OVERLAP)
    records = context.instance.get_run_records(filters, order_by="update_timestamp", ascending=True)
    mine = context.code_location_origin.location_name if context.code_location_origin else None
    return [
        record for record in records if record.dagster_run.run_id not in seen.runs and _is_of(record.dagster_run, mine)
    ]


def text_of(instance: dg.DagsterInstance, run: DagsterRun) -> str:
    """Return what to tell of a run that failed."""
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE):
        said = entry.get_dagster_event().step_failure_data.user_failure_data
        if said and said.description and CURE in said.metadata:
            published = bool(said.metadata[PUBLISHED].value)
            return failure_message(
                run.job_name, run.run_id, said.description, str(said.metadata[CURE].value), published=published
            )
    return unexplained_failure_message(run.job_name, run.run_id)


def _is_of(run: DagsterRun, location: str | None) -> bool:
    """Tell whether a run is of a code location; the command line's runs say none, so their jobs tell it."""
    origin = run.remote_job_origin
    if origin is None or location is None:
        return run.job_name in _JOBS
    return origin.location_name == location
