"""`cbr-warehouse evidence`: a pack that proves the results of a snapshot, written or verified."""

from pathlib import Path

import click

from pipelines.cli.options import home_option, selected_home
from pipelines.errors import DamagedFileError, WarehouseError


@click.command()
@click.argument("snapshot", required=False)
@click.option(
    "--verify",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Verify an existing pack: judge it again, offline.",
)
@home_option
def evidence(snapshot: str | None, folder: Path | None, home: str | None) -> None:
    """Write or verify an evidence pack.

    A pack is a folder that proves the results of SNAPSHOT to somebody who has nothing else.
    """
    if (snapshot is None) == (folder is None):
        raise click.UsageError("Name a SNAPSHOT, or a FOLDER with --verify.")
    if folder is not None:
        _verify(folder)
        return
    from pipelines.evidence.pack import write_pack

    click.echo(write_pack(selected_home(home), str(snapshot)))


def _verify(folder: Path) -> None:
    from pipelines.evidence.verify import verify

    pack = verify(folder)
    for damage in pack.damages:
        click.echo(damage)
    if pack.damages:
        raise DamagedFileError(
            f"{folder} is not what it was: {len(pack.damages)} files differ", "Get it from where it is kept."
        )
    if not pack.is_same:
        raise WarehouseError(
            f"judging {folder} again gives {pack.found_sha256}, but its manifest has {pack.said_sha256}",
            "Use the version of cbr-warehouse that the manifest names.",
        )
    click.echo(f"{pack.results} results, judged again, are the same: {pack.found_sha256}")
