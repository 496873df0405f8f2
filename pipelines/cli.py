"""cbr-warehouse on the command line: demo, run, build, replay, catalog, ...

Belongs here: options, exit codes, what is printed where. Does not belong here: any step. A Problem ends as
one line on standard error and exit code 1; wrong usage exits with 2.
"""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from pipelines import clock
from pipelines.config import DEFAULT_HOME, DEMO_HOME, SANDBOX, Settings
from pipelines.home import Home
from pipelines.problem import Problem

_home = click.option("--home", metavar="DIR", help=f"Where data lies. Default: CBR_HOME, else ./{DEFAULT_HOME}.")
_verbose = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the trace of an error.")


class _Group(click.Group):
    """Ends every command that meets a Problem with its one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            said = str(problem)
        except (KeyboardInterrupt, click.Abort):
            said = "interrupted"
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click knows them
        except Exception as error:
            if "--verbose" in sys.argv:
                raise
            # Its text may quote what nobody should see.
            said = f"met what it does not know ({type(error).__name__}). Run again with --verbose, and report it."
        click.echo(f"cbr-warehouse: {said}", err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=_Group)
@click.version_option(package_name="cbr-warehouse")
def main() -> None:
    """Load cloud backups of Huawei Cloud CBR, and say what could be restored."""
    warnings = logging.StreamHandler()
    warnings.setFormatter(logging.Formatter("cbr-warehouse: warning: %(message)s"))
    logging.getLogger("pipelines").handlers = [warnings]


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
@_home
def build(home: str | None) -> None:
    """Make the published file again, offline, from the tables that are there."""
    from pipelines import flow
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    flow.build(place, f"build-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@main.command()
@_home
def catalog(home: str | None) -> None:
    """Print the data dictionary of the published file, as Markdown."""
    from pipelines.reports.dictionary import markdown

    click.echo(markdown(_published(home).warehouse), nl=False)


@main.command()
@click.argument("snapshot", required=False)
@_home
def replay(snapshot: str | None, home: str | None) -> None:
    """Make everything after landing again, offline: of SNAPSHOT, or of all that is landed."""
    from pipelines import flow
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    flow.replay(place, snapshot, f"replay-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@main.command()
@_home
def verify(home: str | None) -> None:
    """Check that every landed part is what its manifest says."""
    from pipelines.extract import keep, landing

    place = _landed(home)
    landed = landing.snapshots(place)
    found = [damage for snapshot in landed for damage in keep.damages(place, snapshot)]
    for damage in found:
        click.echo(damage)
    if found:
        raise Problem(f"{len(found)} parts are damaged", "Restore them from a copy, or remove their folders.")
    click.echo(f"{sum(len(snapshot.parts) for snapshot in landed)} parts of {len(landed)} snapshots are what they were")


@main.command()
@click.option("--keep-days", type=click.FloatRange(min=0), required=True, help="How long landed snapshots stay.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@_home
def prune(keep_days: float, dry_run: bool, home: str | None) -> None:
    """Remove old landed snapshots; the newest complete one of a scope always stays."""
    from pipelines.extract import keep
    from pipelines.home import writing

    place = _landed(home)
    with place.held(), writing(place.path):
        for folder in keep.outdated(place, keep_days, clock.utc_now()):
            would = "would remove" if dry_run else "removed"
            line = f"{would} {folder.relative_to(place.path)}, {keep.size_of(folder):,} bytes"
            if not dry_run:
                keep.remove(folder)
            click.echo(line)


@main.command()
@click.argument("backup_id")
@click.option("--cloud", default=SANDBOX, show_default=True, metavar="NAME", help="Its name in clouds.yaml.")
@click.option("--as", "form", type=click.Choice(["json", "rows"]), default="json", show_default=True)
@_verbose
def show(backup_id: str, cloud: str, form: str, verbose: bool) -> None:
    """Print one backup, as the API sent it or as the rows that it becomes."""
    from pipelines.extract.answers import Vanished
    from pipelines.extract.client import Client
    from pipelines.extract.pace import Pacer
    from pipelines.extract.scope import open_scope
    from pipelines.reports.rows import print_rows

    if not re.fullmatch(r"[\w-][\w .+~-]*", backup_id, re.ASCII):
        raise Problem(f"{backup_id!a} is no id of a backup", "An id has letters, digits and dashes.")
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
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on. Default: a free one.")
def sandbox(port: int) -> None:
    """Serve the synthetic estate on loopback until interrupted, and print the clouds.yaml that reaches it."""
    import yaml

    from pipelines.sandbox import serve

    with _listening(port), serve(port=port) as served:
        click.echo(yaml.safe_dump({"clouds": {"loopback": served.cloud()}}, sort_keys=False), nl=False)
        click.echo("# Ctrl-C ends it", err=True)
        try:
            served.wait()
        except KeyboardInterrupt:
            return


def _published(home: str | None) -> Home:
    """Return a home that has a published file. Raises Problem where there is none."""
    place = Home(Settings.load(home).home)
    if not place.warehouse.is_file():
        raise Problem(
            f"there is no {place.warehouse}", "Run 'cbr-warehouse run' or 'build' first, or name another --home."
        )
    return place


@contextmanager
def _listening(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Problem(f"port {port} can't be listened on: {error.strerror}", "Choose another with --port.") from None


def _landed(home: str | None) -> Home:
    """Return a home in which something is landed. Raises Problem where there is none."""
    place = Home(Settings.load(home).home)
    if not place.landing.is_dir():
        raise Problem(f"nothing is landed in {place.path}", "Run 'cbr-warehouse run' first, or name another --home.")
    return place


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
    from pipelines.orchestration.execute import execute
    from pipelines.orchestration.resources import Warehouse
    from pipelines.reports.summary import print_summary

    warehouse = Warehouse(home=str(settings.home), clouds=",".join(settings.clouds), full=settings.reading.full)
    with _progress() as progress:
        problem = execute(build_definitions(warehouse, progress), verbose=verbose)
    with suppress(BrokenPipeError):  # published all the same, though nobody reads on
        print_summary(Home(settings.home), Console())
    if problem:
        raise problem


if __name__ == "__main__":
    main()
