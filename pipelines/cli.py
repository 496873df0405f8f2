"""cbr-warehouse on the command line: demo, run, show, sandbox.

Belongs here: options, exit codes, what is printed where. Does not belong here: any step. A Problem ends as
one line on standard error and exit code 1; wrong usage exits with 2.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from pipelines import clock
from pipelines.config import DEFAULT_HOME, DEMO_HOME, SANDBOX, Settings
from pipelines.problem import Problem

_home = click.option("--home", metavar="DIR", help=f"Where data lies. Default: CBR_HOME, else ./{DEFAULT_HOME}.")
_verbose = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the trace of an error.")


class _Group(click.Group):
    """Ends every command that meets a Problem with its one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            click.echo(f"cbr-warehouse: {problem}", err=True)
            ctx.exit(1)


@click.group(cls=_Group)
@click.version_option(package_name="cbr-warehouse")
def main() -> None:
    """Load cloud backups of Huawei Cloud CBR, and say what could be restored."""


@main.command()
@click.option("--home", metavar="DIR", default=DEMO_HOME, show_default=True, help="Where the demo's data lies.")
@_verbose
def demo(home: str, verbose: bool) -> None:
    """Run the main job on a synthetic estate, served on loopback."""
    _run(Settings.load(home, {"CBR_CLOUDS": SANDBOX}), verbose)


@main.command()
@_home
@click.option("--full", is_flag=True, help="Read all details again, though the list says that nothing changed.")
@_verbose
def run(home: str | None, full: bool, verbose: bool) -> None:
    """Read the clouds named in CBR_CLOUDS, load what they say, judge it, publish the warehouse."""
    _run(Settings.load(home, full=full), verbose)


@main.command()
@click.argument("backup_id")
@click.option("--cloud", default=SANDBOX, show_default=True, metavar="NAME", help="Its name in clouds.yaml.")
@click.option("--as", "form", type=click.Choice(["json", "rows"]), default="json", show_default=True)
def show(backup_id: str, cloud: str, form: str) -> None:
    """Print one backup, as the API sent it or as the rows that it becomes."""
    from pipelines.extract.answers import Vanished
    from pipelines.extract.client import Client
    from pipelines.extract.pace import Pacer
    from pipelines.extract.scope import open_scope
    from pipelines.reports.rows import print_rows

    reading = Settings.load().reading
    with open_scope(cloud) as scope:
        try:
            client = Client(scope, Pacer(reading.requests_per_second), reading.retry_seconds)
            body, _ = client.show(backup_id)
        except Vanished as answer:
            raise Problem(f"cloud {cloud!r} has no backup {backup_id} ({answer})", "Check the id.") from None
    if form == "json":
        sys.stdout.buffer.write(body + b"\n")
    else:
        print_rows(body, cloud, clock.snapshot_id(clock.utc_now()), Console())


@main.command()
@click.option("--port", default=0, help="Port to listen on. Default: a free one.")
def sandbox(port: int) -> None:
    """Serve the synthetic estate on loopback until interrupted, and print the clouds.yaml that reaches it."""
    import yaml

    from pipelines.sandbox import serve

    with serve(port=port) as served:
        click.echo(yaml.safe_dump({"clouds": {"loopback": served.cloud()}}, sort_keys=False), nl=False)
        click.echo("# Ctrl-C ends it", err=True)
        try:
            served.wait()
        except KeyboardInterrupt:
            return


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
    from pipelines.definitions import build_definitions
    from pipelines.home import Home
    from pipelines.orchestration.execute import execute
    from pipelines.orchestration.resources import Warehouse
    from pipelines.reports.summary import print_summary

    warehouse = Warehouse(home=str(settings.home), clouds=",".join(settings.clouds), full=settings.reading.full)
    with _progress() as progress:
        problem = execute(build_definitions(warehouse, progress), verbose=verbose)
    print_summary(Home(settings.home), Console())
    if problem:
        raise problem


if __name__ == "__main__":
    main()
