"""`cbr-warehouse check`: what each cloud grants."""

from typing import TYPE_CHECKING

import click

from pipelines.config import Settings
from pipelines.contract.inputs import GRANTED, NOT_GRANTED
from pipelines.errors import ServiceError
from pipelines.text import printable

if TYPE_CHECKING:
    from pipelines.extract.probe import Probe


@click.command()
def check() -> None:
    """Try every call of every cloud once, and say what is granted. Nothing is written.

    CBR_CLOUDS names the clouds. What is not granted can't be judged; only backups are required.
    """
    from pipelines.extract.probe import BACKUPS, probe_clouds

    settings = Settings.load()
    unreadable: list[str] = []
    for probes in probe_clouds(settings.clouds, settings.reading):
        click.echo(f"{probes[0].cloud}:")
        for probe in probes:
            click.echo(_line(probe))
        if any(probe.name == BACKUPS and probe.status != GRANTED for probe in probes):
            unreadable.append(probes[0].cloud)
    if unreadable:
        raise ServiceError(
            f"the backups of {', '.join(unreadable)} can't be read", "Grant what is named above, or mend clouds.yaml."
        )


def _line(probe: "Probe") -> str:
    text = f"  {probe.call:<17}{probe.status.replace('_', ' '):<13}"
    if probe.status == GRANTED:
        return text + probe.purpose
    if probe.status == NOT_GRANTED:
        return f"{text}{probe.purpose}: ask for {probe.permission}"
    return text + printable(probe.problem)
