"""`cbr-warehouse check`: what each cloud grants."""

from typing import TYPE_CHECKING

import click

from pipelines.config import Settings
from pipelines.contract.inputs import GRANTED, NOT_GRANTED
from pipelines.errors import ServiceError
from pipelines.text import printable

if TYPE_CHECKING:
    from pipelines.extract.check import CloudProbes
    from pipelines.extract.probe import Probe


@click.command()
def check() -> None:
    """Try every call of every cloud once, and say what is granted. Nothing is written.

    CBR_CLOUDS names the clouds. What is not granted can't be judged; only backups are required. A cloud that names no
    project is checked project by project, and needs one whose backups are granted.
    """
    from pipelines.extract.check import check_clouds

    settings = Settings.load()
    clouds: list[CloudProbes] = []
    for cloud in check_clouds(settings.clouds, settings.reading):
        click.echo(f"{printable(cloud.cloud)}:")
        for probe in cloud.probes:
            click.echo(_line(probe))
        clouds.append(cloud)
    if unreadable := _unreadable(clouds):
        raise ServiceError(
            f"the backups of {', '.join(unreadable)} can't be read", "Grant what is named above, or mend clouds.yaml."
        )


def _unreadable(clouds: "list[CloudProbes]") -> list[str]:
    """Return the clouds whose backups can't be read: of a cloud with many projects, one is enough."""
    readable = {cloud.entry for cloud in clouds if cloud.is_readable}
    names = (cloud.entry if cloud.is_refused else cloud.cloud for cloud in clouds if not cloud.is_readable)
    return [name for name in dict.fromkeys(names) if name and name not in readable]


def _line(probe: "Probe") -> str:
    text = f"  {probe.call:<17}{probe.status.replace('_', ' '):<13}"
    if probe.status == GRANTED:
        return text + probe.purpose
    if probe.status == NOT_GRANTED and probe.permission:
        return f"{text}{probe.purpose}: ask for {probe.permission}"
    return text + printable(probe.problem)
