"""`cbr-warehouse build`: the published file, rebuilt from the tables."""

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import home_option, landed_home


@click.command()
@home_option
def build(home: str | None) -> None:
    """Rebuild the published file offline, from the tables in the home."""
    from pipelines.flow.build import build as build_warehouse
    from pipelines.reports.summary import print_summary

    selected = landed_home(home)
    build_warehouse(selected, f"build-{clock.snapshot_id(clock.utc_now())}")
    print_summary(selected, Console())
