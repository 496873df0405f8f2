"""The commands that work on what is there, offline: build, replay, catalog, verify, prune."""

from contextlib import nullcontext

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import chosen_home, home_option
from pipelines.home import Home
from pipelines.problem import Problem


@click.command()
@home_option
def build(home: str | None) -> None:
    """Make the published file again, offline, from the tables that are there."""
    from pipelines import flow
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    flow.build(place, f"build-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@click.command()
@home_option
def catalog(home: str | None) -> None:
    """Print the data dictionary of the published file, as Markdown."""
    from pipelines.reports.dictionary import markdown

    click.echo(markdown(chosen_home(home).warehouse), nl=False)


@click.command()
@click.argument("snapshot", required=False)
@home_option
def replay(snapshot: str | None, home: str | None) -> None:
    """Make everything after landing again, offline: of SNAPSHOT, or of all that is landed."""
    from pipelines import flow
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    flow.replay(place, snapshot, f"replay-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@click.command()
@home_option
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


@click.command()
@click.option("--keep-days", type=click.FloatRange(min=0), required=True, help="How long landed snapshots stay.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@home_option
def prune(keep_days: float, dry_run: bool, home: str | None) -> None:
    """Remove old landed snapshots; the newest complete one of a scope always stays."""
    from pipelines.extract import keep, landing
    from pipelines.history.judged import read_judged
    from pipelines.history.state import read_state
    from pipelines.home import writing

    place = _landed(home)
    with nullcontext() if dry_run else place.held(), writing(place.path):
        taken_in = {}
        for scope in {snapshot.scope for snapshot in landing.snapshots(place)}:
            folded, judged = read_state(place, scope).last, read_judged(place, scope).last
            if folded and judged:
                taken_in[scope] = min(folded.snapshot_id, judged.snapshot_id)
        for folder in keep.outdated(place, keep_days, clock.utc_now(), taken_in):
            would = "would remove" if dry_run else "removed"
            line = f"{would} {folder.relative_to(place.path)}, {keep.size_of(folder):,} bytes"
            if not dry_run:
                keep.remove(folder)
            click.echo(line)


def _landed(home: str | None) -> Home:
    """Return a home in which something is landed. Raises Problem where there is none."""
    place = chosen_home(home)
    if not place.landing.is_dir():
        raise Problem(f"nothing is landed in {place.path}", "Run 'cbr-warehouse run' first, or name another --home.")
    return place
