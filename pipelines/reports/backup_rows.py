"""Print the table rows that one backup becomes, for `cbr-warehouse show --as rows`."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.contract.keys import SCOPE, SNAPSHOT
from pipelines.landing.blocks import Block
from pipelines.normalize.snapshot import Normalizer
from pipelines.text import printable

_HIDDEN = {SCOPE.name, SNAPSHOT.name}  # the same in every row


def print_backup_rows(body: bytes, scope: str, snapshot_id: str, console: Console) -> None:
    """Print the rows of one ShowBackup response, one column per line, without nulls."""
    for batch in Normalizer(scope, snapshot_id, lambda: [Block.of("show", [body])], list).batches():
        for name, rows in batch.tables.items():
            for number, row in enumerate(rows.to_pylist(), start=1):
                table = Table(box=None, pad_edge=False, show_header=False)
                for column, value in row.items():
                    if value is not None and column not in _HIDDEN:
                        table.add_row(f"  {column}", Text(printable(value)))
                console.print(Text(f"{name} {number} of {rows.num_rows}", style="bold"), table)
