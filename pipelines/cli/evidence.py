"""`cbr-warehouse evidence`: a pack that proves the results of a snapshot, written or verified."""

from pathlib import Path

import click

from pipelines.cli.options import home_option, selected_home
from pipelines.errors import EvidenceError


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

    verification = verify(folder)
    for difference in verification.differences:
        click.echo(difference)
    if verification.differences:
        raise EvidenceError(
            f"{folder} was changed: {len(verification.differences)} files differ", "Get the original from a copy."
        )
    if not verification.is_same:
        raise EvidenceError(
            f"the recomputed results of {folder} have the hash {verification.computed_sha256}, "
            f"but its manifest has {verification.recorded_sha256}",
            "Use the version of cbr-warehouse that the manifest names.",
        )
    click.echo(f"{verification.results} results were recomputed and are the same: {verification.computed_sha256}")
