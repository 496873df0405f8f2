"""`cbr-warehouse replay`: every step after landing, repeated."""

import click
from rich.console import Console

from pipelines import clock
from pipelines.cli.options import home_option, landed_home


@click.command()
@click.argument("snapshot", required=False)
@home_option
def replay(snapshot: str | None, home: str | None) -> None:
    """Repeat every step after landing, offline.

    SNAPSHOT is the id of a landed snapshot. Default: all of them.
    """
    from pipelines.flow.build import replay as replay_snapshots
    from pipelines.reports.summary import print_summary

    selected = landed_home(home)
    replay_snapshots(selected, snapshot, f"replay-{clock.snapshot_id(clock.utc_now())}")
    print_summary(selected, Console())
