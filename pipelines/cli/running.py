"""The commands that run the job: demo and run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from pipelines.cli.options import home_option, verbose_option
from pipelines.config import DEMO_HOME, SANDBOX, Settings
from pipelines.storage.home import Home


@click.command()
@click.option("--home", metavar="DIR", default=DEMO_HOME, show_default=True, help="Where the demo's data lies.")
@verbose_option
def demo(home: str, verbose: bool) -> None:
    """Run the main job on a synthetic estate, served on loopback, after a month of earlier readings."""
    from pipelines import clock
    from pipelines.flow.rehearsal import rehearse
    from pipelines.reports.report import LATEST, PAGE, write_report
    from pipelines.reports.summary import relative_to_cwd

    settings = Settings.load(home, {"CBR_CLOUDS": SANDBOX})
    with _progress() as progress:
        moment = rehearse(settings, progress)
    with clock.shifted_to(moment):
        _run(settings, verbose)
    write_report(Home(settings.home))
    click.echo(f"report     {relative_to_cwd(Home(settings.home).reports / LATEST / PAGE)}")


@click.command()
@home_option
@click.option("--full", is_flag=True, help="Read all details again, though the list says that nothing changed.")
@verbose_option
def run(home: str | None, full: bool, verbose: bool) -> None:
    """Read the clouds named in CBR_CLOUDS, load what they say, judge it, publish the warehouse."""
    _run(Settings.load(home, full=full), verbose)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each cloud where somebody may be looking; say nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    bars: dict[str, TaskID] = {}
    with Progress(*Progress.get_default_columns(), console=console, transient=True) as bar:

        def told(scope: str, done: int, of: int) -> None:
            if scope not in bars:
                bars[scope] = bar.add_task(escape(scope), total=of)
            bar.update(bars[scope], completed=done)

        yield told


def _run(settings: Settings, verbose: bool) -> None:
    """Execute the Dagster job cbr_snapshot and print the answer of what it published."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    from pipelines.orchestration.execute import execute
    from pipelines.orchestration.location import build_definitions
    from pipelines.orchestration.resources import Warehouse
    from pipelines.reports.summary import print_summary

    warehouse = Warehouse(home=str(settings.home), clouds=",".join(settings.clouds), full=settings.reading.full)
    with _progress() as progress:
        problem = execute(build_definitions(warehouse, progress), verbose=verbose)
    with suppress(BrokenPipeError):  # published all the same, though nobody reads on
        print_summary(Home(settings.home), Console())
    if problem:
        raise problem
