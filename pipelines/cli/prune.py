"""`cbr-warehouse prune`: old landed snapshots, removed."""

from contextlib import nullcontext

import click

from pipelines import clock
from pipelines.cli.options import home_option, landed_home
from pipelines.landing.maintenance import folder_size, prunable_snapshots, remove_snapshot
from pipelines.landing.manifest import read_snapshots
from pipelines.storage.files import disk_errors


@click.command()
@click.option(
    "--keep-days", type=click.FloatRange(min=0), required=True, help="How many days landed snapshots are kept."
)
@click.option("--dry-run", is_flag=True, help="List what would be removed, and remove nothing.")
@home_option
def prune(keep_days: float, dry_run: bool, home: str | None) -> None:
    """Remove old landed snapshots. The newest complete snapshot of each scope is always kept."""
    from pipelines.history.cleanup import settled_until

    selected = landed_home(home)
    with nullcontext() if dry_run else selected.lock(), disk_errors(selected.path):
        settled = settled_until(selected, {snapshot.scope for snapshot in read_snapshots(selected)})
        for folder in prunable_snapshots(selected, keep_days, clock.utc_now(), settled):
            action, size = "would remove" if dry_run else "removed", folder_size(folder)
            if not dry_run:
                remove_snapshot(folder)
            click.echo(f"{action} {folder.relative_to(selected.path)}, {size:,} bytes")
