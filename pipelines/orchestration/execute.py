"""Running the job `cbr_snapshot` in this process, for the command line.

With DAGSTER_HOME set, the run appears in Dagster's UI.
"""

import os
import signal
import threading
from contextlib import ExitStack

import dagster as dg

from pipelines.errors import ConfigurationError, WarehouseError
from pipelines.orchestration.failures import StepFailure, from_event
from pipelines.orchestration.jobs import cbr_snapshot


def execute(definitions: dg.Definitions, *, verbose: bool = False) -> WarehouseError | None:
    """Run `cbr_snapshot` of `definitions`. Return the error of a run that failed after it published.

    Raise the WarehouseError of a run that did not publish, and KeyboardInterrupt after an interrupt.
    """
    job = definitions.resolve_job_def(cbr_snapshot.name)
    level = {"log_level": "DEBUG" if verbose else "CRITICAL"}
    with ExitStack() as stack:
        instance = stack.enter_context(_instance()) if os.environ.get("DAGSTER_HOME") else None
        # Dagster sets the handler of SIGTERM to that of SIGINT, and does not restore it.
        if threading.current_thread() is threading.main_thread():
            stack.callback(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        try:
            result = job.execute_in_process(
                run_config={"loggers": {"console": {"config": level}}}, raise_on_error=False, instance=instance
            )
        except dg.DagsterExecutionInterruptedError:  # between two steps
            raise KeyboardInterrupt from None
    if result.success:
        return None
    failure = _failure(result)
    if not failure.published:
        raise failure.error
    return failure.error


def _instance() -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.get()
    except Exception as error:
        raise ConfigurationError(
            f"DAGSTER_HOME={os.environ['DAGSTER_HOME']} can't be used: {str(error).splitlines()[0]}",
            "Create that folder, correct its dagster.yaml, or unset DAGSTER_HOME.",
        ) from None


def _failure(result: dg.ExecuteInProcessResult) -> StepFailure:
    """Return the failure of the first failed step. Raise KeyboardInterrupt if it was interrupted."""
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        if failure := from_event(event):
            return failure
        cause = event.step_failure_data.error
        while cause and cause.cause:
            cause = cause.cause
        if cause and cause.cls_name in ("KeyboardInterrupt", dg.DagsterExecutionInterruptedError.__name__):
            raise KeyboardInterrupt(
                f"interrupted in step {event.step_key}. Run again: what was read is kept and continued."
            )
        return _unexpected(
            f"step {event.step_key} failed unexpectedly: {cause.message if cause else 'no reason given'}"
        )
    return _unexpected("the job failed without a reason")


def _unexpected(message: str) -> StepFailure:
    hint = "Run again with --verbose for the traceback, and report it."
    return StepFailure(WarehouseError(message, hint), published=False)
