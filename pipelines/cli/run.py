"""`cbr-warehouse run`: read the clouds and publish the warehouse."""

import click

from pipelines.cli.job import run_job
from pipelines.cli.options import home_option, verbose_option
from pipelines.config import Settings


@click.command()
@home_option
@click.option("--full", is_flag=True, help="Read all details again, even those that the list says did not change.")
@verbose_option
def run(home: str | None, full: bool, verbose: bool) -> None:
    """Read the clouds and publish the warehouse.

    CBR_CLOUDS names the clouds. Their backups are landed, loaded and judged.
    """
    run_job(Settings.load(home, full=full), verbose=verbose)
