"""The command about evidence: make a pack, or verify one."""

from pathlib import Path

import click

from pipelines.cli.options import chosen_home, home_option
from pipelines.errors import WarehouseError


@click.command()
@click.argument("snapshot", required=False)
@click.option(
    "--verify", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Judge a pack again, offline."
)
@home_option
def evidence(snapshot: str | None, folder: Path | None, home: str | None) -> None:
    """Write a folder that proves what SNAPSHOT was judged to be; or --verify one."""
    if (snapshot is None) == (folder is None):
        raise click.UsageError("Name a SNAPSHOT, or a FOLDER with --verify.")
    if folder is not None:
        _verify(folder)
        return
    from pipelines.evidence.pack import write_pack

    click.echo(write_pack(chosen_home(home), str(snapshot)))


def _verify(folder: Path) -> None:
    from pipelines.evidence.verify import verify

    found = verify(folder)
    for damage in found.differences:
        click.echo(damage)
    if found.differences:
        raise WarehouseError(
            f"{folder} is not what it was: {len(found.differences)} files differ", "Get it from where it is kept."
        )
    if not found.is_same:
        raise WarehouseError(
            f"judging {folder} again gives {found.computed_sha256}, where its manifest says {found.recorded_sha256}",
            "Try the version of cbr-warehouse that its manifest names.",
        )
    click.echo(f"{found.results} results, judged again, are the same: {found.computed_sha256}")
