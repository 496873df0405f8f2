"""The commands that look at a service: show one backup, or be a service."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import verbose_option
from pipelines.config import SANDBOX, Settings
from pipelines.errors import WarehouseError


@click.command()
@click.argument("backup_id")
@click.option("--cloud", default=SANDBOX, show_default=True, metavar="NAME", help="Its name in clouds.yaml.")
@click.option("--as", "form", type=click.Choice(["json", "rows"]), default="json", show_default=True)
@verbose_option
def show(backup_id: str, cloud: str, form: str, verbose: bool) -> None:
    """Print one backup, as the API sent it or as the rows that it becomes."""
    from pipelines.extract.answers import Vanished
    from pipelines.extract.client import Client
    from pipelines.extract.pace import Pacer
    from pipelines.extract.scope import open_scope
    from pipelines.reports.backup_rows import print_backup_rows

    if not re.fullmatch(r"[\w-][\w .+~-]*", backup_id, re.ASCII):
        raise WarehouseError(f"{backup_id!a} is no id of a backup", "An id has letters, digits and dashes.")
    reading = Settings.load().reading
    with open_scope(cloud, reading) as scope:
        try:
            client = Client(scope, Pacer(reading.requests_per_second), reading.retry_seconds)
            body, _ = client.show(backup_id)
        except Vanished as answer:
            raise WarehouseError(f"cloud {cloud!r} has no backup {backup_id} ({answer})", "Check the id.") from None
    if form == "json":
        sys.stdout.buffer.write(body + b"\n")
    else:
        print_backup_rows(body, cloud, clock.snapshot_id(clock.utc_now()), Console())


@click.command()
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


@contextmanager
def _listening(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"port {port} can't be listened on: {error.strerror}", "Choose another with --port."
        ) from None
