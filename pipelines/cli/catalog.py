"""`cbr-warehouse catalog`: the data dictionary."""

import click

from pipelines.cli.options import home_option, selected_home


@click.command()
@home_option
def catalog(home: str | None) -> None:
    """Print the data dictionary of the published file as Markdown."""
    from pipelines.reports.dictionary import data_dictionary

    click.echo(data_dictionary(selected_home(home).warehouse), nl=False)
