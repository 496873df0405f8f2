"""Options that several commands take, and the home that they name."""

import click

from pipelines.config import DEFAULT_HOME, Settings
from pipelines.home import Home

home_option = click.option("--home", metavar="DIR", help=f"Where data lies. Default: CBR_HOME, else ./{DEFAULT_HOME}.")
verbose_option = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the trace of an error.")


def published(home: str | None) -> Home:
    """Return a home that has a published file. Raises Problem where there is none."""
    place = Home(Settings.load(home).home)
    place.published()
    return place
