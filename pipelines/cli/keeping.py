"""The commands that work on what is there, offline: build, replay, catalog, verify, prune."""

from contextlib import nullcontext

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import chosen_home, home_option
from pipelines.errors import WarehouseError
from pipelines.landing.maintenance import find_damage, folder_size, prunable_snapshots, remove_snapshot
from pipelines.landing.manifest import read_snapshots
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home


@click.command()
@home_option
def build(home: str | None) -> None:
    """Make the published file again, offline, from the tables that are there."""
    from pipelines.flow import build as building
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    building.build(place, f"build-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@click.command()
@home_option
def catalog(home: str | None) -> None:
    """Print the data dictionary of the published file, as Markdown."""
    from pipelines.reports.dictionary import data_dictionary

    click.echo(data_dictionary(chosen_home(home).warehouse), nl=False)


@click.command()
@click.argument("snapshot", required=False)
@home_option
def replay(snapshot: str | None, home: str | None) -> None:
    """Make everything after landing again, offline: of SNAPSHOT, or of all that is landed."""
    from pipelines.flow import build as building
    from pipelines.reports.summary import print_summary

    place = _landed(home)
    building.replay(place, snapshot, f"replay-{clock.snapshot_id(clock.utc_now())}")
    print_summary(place, Console())


@click.command()
@home_option
def verify(home: str | None) -> None:
    """Check that every landed part is what its manifest says."""
    place = _landed(home)
    landed = read_snapshots(place)
    found = [damage for snapshot in landed for damage in find_damage(place, snapshot)]
    for damage in found:
        click.echo(damage)
    if found:
        raise WarehouseError(f"{len(found)} parts are damaged", "Restore them from a copy, or remove their folders.")
    click.echo(f"{sum(len(snapshot.parts) for snapshot in landed)} parts of {len(landed)} snapshots are what they were")


@click.command()
@click.option("--keep-days", type=click.FloatRange(min=0), required=True, help="How long landed snapshots stay.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@home_option
def prune(keep_days: float, dry_run: bool, home: str | None) -> None:
    """Remove old landed snapshots; the newest complete one of a scope always stays."""
    from pipelines.history.cleanup import settled_until

    place = _landed(home)
    with nullcontext() if dry_run else place.lock(), disk_errors(place.path):
        settled = settled_until(place, {snapshot.scope for snapshot in read_snapshots(place)})
        for folder in prunable_snapshots(place, keep_days, clock.utc_now(), settled):
            would = "would remove" if dry_run else "removed"
            line = f"{would} {folder.relative_to(place.path)}, {folder_size(folder):,} bytes"
            if not dry_run:
                remove_snapshot(folder)
            click.echo(line)


def _landed(home: str | None) -> Home:
    """Return a home in which something is landed. Raises WarehouseError if there is none."""
    place = chosen_home(home)
    if not place.landing.is_dir():
        raise WarehouseError(
            f"nothing is landed in {place.path}", "Run 'cbr-warehouse run' first, or name another --home."
        )
    return place
