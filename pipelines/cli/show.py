"""`cbr-warehouse show`: one backup, read from its cloud."""

import re
import sys

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import verbose_option
from pipelines.config import SANDBOX, Settings
from pipelines.errors import ConfigurationError, ServiceError


@click.command()
@click.argument("backup_id")
@click.option("--cloud", default=SANDBOX, show_default=True, metavar="NAME", help="Name of the cloud in clouds.yaml.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["json", "rows"]),
    default="json",
    show_default=True,
    help="The JSON as sent, or the rows of the tables.",
)
@verbose_option
def show(backup_id: str, cloud: str, form: str, verbose: bool) -> None:
    """Print one backup, read from its cloud.

    It is shown as the API sent it, or as the rows that it becomes.
    """
    from pipelines.extract.client import Client
    from pipelines.extract.login import open_scope
    from pipelines.extract.rate_limit import RateLimiter
    from pipelines.extract.responses import NotFoundError
    from pipelines.reports.backup_rows import print_backup_rows

    if not re.fullmatch(r"[\w-][\w .+~-]*", backup_id, re.ASCII):
        raise ConfigurationError(f"{backup_id!a} is not the id of a backup", "Use letters, digits and dashes only.")
    reading = Settings.load().reading
    with open_scope(cloud, reading) as scope:
        try:
            client = Client(scope, RateLimiter(reading.requests_per_second), reading.retry_seconds)
            body = client.show_backup(backup_id).content
        except NotFoundError as response:
            raise ServiceError(f"cloud {cloud!r} has no backup {backup_id} ({response})", "Check the id.") from None
    if form == "json":
        sys.stdout.buffer.write(body + b"\n")
    else:
        print_backup_rows(body, cloud, clock.snapshot_id(clock.utc_now()), Console())
