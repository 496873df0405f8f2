"""The results that people were notified of, stored in one Parquet file of the home, and the alerts that are due.

Alerts compare with the last notification, not with the previous snapshot. A result that was reported as passing and
fails after a new policy is news.
"""

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.alerts.changes import read_as_of, read_changes, read_open_results
from pipelines.alerts.message import change_messages
from pipelines.errors import DamagedFileError
from pipelines.storage.files import make_private_folder
from pipelines.storage.home import Home
from pipelines.text import printable

_FILE = "told.parquet"


@dataclass(frozen=True, slots=True)
class PendingAlerts:
    """Messages to post, and the results to store as notified afterwards."""

    messages: list[str]
    results: pa.Table


def read_pending_alerts(connection: duckdb.DuckDBPyConnection, notified: pa.Table | None) -> PendingAlerts:
    """Return messages about every difference from `notified`. Without earlier notifications there are none."""
    results = read_open_results(connection)
    if notified is None:
        return PendingAlerts([], results)
    return PendingAlerts(change_messages(read_changes(connection, notified), read_as_of(connection)), results)


def read_notified_results(home: Home) -> pa.Table | None:
    """Return the results of the last notification, or None if there was none.

    Raise DamagedFileError if the file can't be read.
    """
    path = home.alerts / _FILE
    try:
        return pq.read_table(path) if path.exists() else None
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(
            f"{path} is damaged: {printable(error)}", "Remove it. Results that fail now are then not reported."
        ) from None


def write_notified_results(home: Home, results: pa.Table) -> None:
    """Store `results` as notified, in one step."""
    path = home.alerts / _FILE
    make_private_folder(path.parent)
    draft = path.with_suffix(".draft")
    pq.write_table(results, draft, compression="zstd")
    draft.replace(path)
