"""Options that several commands take, and the home that they name."""

import click

from pipelines.config import DEFAULT_HOME, Settings
from pipelines.storage.home import Home

home_option = click.option("--home", metavar="DIR", help=f"Where data lies. Default: CBR_HOME, else ./{DEFAULT_HOME}.")
verbose_option = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the trace of an error.")


def chosen_home(home: str | None) -> Home:
    """Return the home that an option or the environment names. Raises WarehouseError if it can't be one."""
    return Home(Settings.load(home).home)
