"""The commands that ask the published file: query, status, report."""

import sys

import click

from pipelines import clock
from pipelines.cli.options import chosen_home, home_option


@click.command()
@click.argument("sql")
@click.option("--as", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@home_option
def query(sql: str, form: str, home: str | None) -> None:
    """Print what SQL finds in the published file. Nothing can be changed with it."""
    from pipelines.reports.query import print_query

    print_query(chosen_home(home).warehouse, sql, form, sys.stdout)


@click.command()
@home_option
def status(home: str | None) -> None:
    """Say of each scope how old and how complete it is, and what changed since the snapshot before."""
    from pipelines.reports.status import status_lines

    for line in status_lines(chosen_home(home), clock.utc_now()):
        click.echo(line)


@click.command()
@home_option
def report(home: str | None) -> None:
    """Make the report of the published file: a page for people, and a workbook."""
    from pipelines.reports.report import write_report

    click.echo(write_report(chosen_home(home)))
