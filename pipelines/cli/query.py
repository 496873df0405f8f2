"""`cbr-warehouse query`: SQL on the published file."""

import sys

import click

from pipelines.cli.options import home_option, selected_home


@click.command()
@click.argument("sql")
@click.option(
    "--as",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Format of the result.",
)
@home_option
def query(sql: str, form: str, home: str | None) -> None:
    """Print the result of SQL on the published file. The file can't be changed."""
    from pipelines.reports.query import print_query

    print_query(selected_home(home).warehouse, sql, form, sys.stdout)
