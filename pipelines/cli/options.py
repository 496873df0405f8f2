"""Options that several commands share, and the home that they select."""

import click

from pipelines.config import DEFAULT_HOME, Settings
from pipelines.errors import StorageError
from pipelines.landing.manifest import MANIFEST
from pipelines.storage.home import Home

home_option = click.option(
    "--home", metavar="DIR", help=f"The folder that holds the data. Default: CBR_HOME, else ./{DEFAULT_HOME}."
)
verbose_option = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the traceback of an error.")


def selected_home(option: str | None) -> Home:
    """Return the home of --home, CBR_HOME or the default. Raise ConfigurationError if the path can't be used."""
    return Home(Settings.load(option).home)


def landed_home(option: str | None) -> Home:
    """Return the selected home. Raise StorageError if nothing is landed in it."""
    home = selected_home(option)
    if not any(home.landing.glob(f"*/*/{MANIFEST}")):
        raise StorageError(
            f"nothing is landed in {home.path}", "Run 'cbr-warehouse run' first, or name another --home."
        )
    return home
