"""Options that several commands take."""

import click

from pipelines.config import DEFAULT_HOME

home_option = click.option("--home", metavar="DIR", help=f"Where data lies. Default: CBR_HOME, else ./{DEFAULT_HOME}.")
verbose_option = click.option("--verbose", is_flag=True, help="Show Dagster's events, and the trace of an error.")
