"""Running the job from a program: the same job that the schedule runs, quiet, in this process.

A failed step leaves as the WarehouseError that it met. With DAGSTER_HOME set, the run shows in Dagster's UI.
"""

import os
import signal
import threading
from contextlib import ExitStack

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from pipelines.errors import WarehouseError
from pipelines.orchestration.jobs import cbr_snapshot
from pipelines.orchestration.resources import CURE, PUBLISHED


def execute(definitions: dg.Definitions, *, verbose: bool = False) -> WarehouseError | None:
    """Run `cbr_snapshot` of `definitions`; return the problem of a run that published all the same.

    Raises the WarehouseError of one that did not, and KeyboardInterrupt where somebody interrupted it.
    """
    job = definitions.resolve_job_def(cbr_snapshot.name)
    level = {"log_level": "DEBUG" if verbose else "CRITICAL"}
    with ExitStack() as stack:
        instance = stack.enter_context(_instance()) if os.environ.get("DAGSTER_HOME") else None
        # Dagster gives SIGTERM the handler of SIGINT, and leaves it so.
        if threading.current_thread() is threading.main_thread():
            stack.callback(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        try:
            result = job.execute_in_process(
                run_config={"loggers": {"console": {"config": level}}}, raise_on_error=False, instance=instance
            )
        except DagsterExecutionInterruptedError:  # between two steps
            raise KeyboardInterrupt from None
    if result.success:
        return None
    problem, published = _problem(result)
    if not published:
        raise problem
    return problem


def _instance() -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.get()
    except Exception as error:
        raise WarehouseError(
            f"DAGSTER_HOME={os.environ['DAGSTER_HOME']} can't be used: {str(error).splitlines()[0]}",
            "Make that folder, mend its dagster.yaml, or unset DAGSTER_HOME.",
        ) from None


def _problem(result: dg.ExecuteInProcessResult) -> tuple[WarehouseError, bool]:
    """Return what went wrong, from the event of the step that failed, and whether it published."""
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        said = event.step_failure_data.user_failure_data
        if said and said.description:
            published = bool(said.metadata[PUBLISHED].value)
            return WarehouseError(said.description, str(said.metadata[CURE].value)), published
        cause = event.step_failure_data.error
        while cause and cause.cause:
            cause = cause.cause
        if cause and cause.cls_name in ("KeyboardInterrupt", dg.DagsterExecutionInterruptedError.__name__):
            raise KeyboardInterrupt(
                f"interrupted in step {event.step_key}. Run again: what was read is kept and continued."
            )
        return WarehouseError(
            f"step {event.step_key} met what it does not know: {cause.message if cause else 'no reason given'}",
            "Run again with --verbose for the trace, and report it.",
        ), False
    return WarehouseError("the job failed without saying why", "Run again with --verbose."), False
