"""A WarehouseError as a Dagster failure, and back: the event log keeps its message, its hint and what was published."""

from dataclasses import dataclass

import dagster as dg

from pipelines.errors import WarehouseError

_HINT, _PUBLISHED = "what to do", "published"  # metadata of a failure


@dataclass(frozen=True, slots=True)
class StepFailure:
    """The error of a failed step, and whether the warehouse was published all the same."""

    error: WarehouseError
    published: bool


def to_failure(error: WarehouseError, *, published: bool = False) -> dg.Failure:
    """Return the Dagster failure of an error. Dagster must not retry it: sensors.py decides what is retried."""
    return dg.Failure(
        description=error.message,
        metadata={_HINT: error.hint, _PUBLISHED: published},
        allow_retries=False,
    )


def from_event(event: dg.DagsterEvent) -> StepFailure | None:
    """Return the failure in the event of a failed step, or None if it is not one of `to_failure`."""
    failure = event.step_failure_data.user_failure_data
    if not failure or not failure.description or _HINT not in failure.metadata:
        return None
    error = WarehouseError(failure.description, str(failure.metadata[_HINT].value))
    return StepFailure(error, published=bool(failure.metadata[_PUBLISHED].value))
