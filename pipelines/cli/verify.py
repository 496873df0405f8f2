"""`cbr-warehouse verify`: landed files against their manifests."""

import click

from pipelines.cli.options import home_option, landed_home
from pipelines.errors import DamagedFileError
from pipelines.landing.maintenance import find_damage
from pipelines.landing.manifest import read_snapshots


@click.command()
@home_option
def verify(home: str | None) -> None:
    """Check that every landed file matches its manifest."""
    selected = landed_home(home)
    snapshots = read_snapshots(selected)
    damages = [damage for snapshot in snapshots for damage in find_damage(selected, snapshot)]
    for damage in damages:
        click.echo(damage)
    if damages:
        raise DamagedFileError(
            f"{len(damages)} parts are damaged", "Restore them from a copy, or remove the folders of their snapshots."
        )
    parts = sum(len(snapshot.parts) for snapshot in snapshots)
    click.echo(f"{parts} parts of {len(snapshots)} snapshots match their manifests")
