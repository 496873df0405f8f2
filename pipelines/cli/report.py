"""`cbr-warehouse report`: the HTML page and the workbook."""

import click

from pipelines.cli.options import home_option, selected_home


@click.command()
@home_option
def report(home: str | None) -> None:
    """Write the report: an HTML page and a workbook."""
    from pipelines.reports.report import write_report

    click.echo(write_report(selected_home(home)))
