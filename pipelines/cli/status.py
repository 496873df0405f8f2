"""`cbr-warehouse status`: the state of each scope."""

import click

from pipelines import clock
from pipelines.cli.options import home_option, selected_home


@click.command()
@home_option
def status(home: str | None) -> None:
    """Show the age, completeness and changes of each scope."""
    from pipelines.reports.status import status_lines

    for line in status_lines(selected_home(home), clock.utc_now()):
        click.echo(line)
