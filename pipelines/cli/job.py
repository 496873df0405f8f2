"""The Dagster job as `run` and `demo` execute it: with progress bars, and the summary at the end."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from pipelines.config import Settings
from pipelines.storage.home import Home


def run_job(settings: Settings, *, verbose: bool) -> None:
    """Execute the job cbr_snapshot and print a summary of what it published. Raise the error of a failed run."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    from pipelines.orchestration.execute import execute
    from pipelines.orchestration.location import build_definitions
    from pipelines.orchestration.resources import Warehouse
    from pipelines.reports.summary import print_summary

    warehouse = Warehouse(home=str(settings.home), clouds=",".join(settings.clouds), full=settings.reading.full)
    with progress_bars() as progress:
        error = execute(build_definitions(warehouse, progress), verbose=verbose)
    with suppress(BrokenPipeError):  # the run published, even if nobody reads the summary
        print_summary(Home(settings.home), Console())
    if error:
        raise error


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar for each cloud on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    tasks: dict[str, TaskID] = {}
    with Progress(*Progress.get_default_columns(), console=console, transient=True) as progress:

        def update(scope: str, completed: int, total: int) -> None:
            if scope not in tasks:
                tasks[scope] = progress.add_task(escape(scope), total=total)
            progress.update(tasks[scope], completed=completed)

        yield update
