"""cbr-warehouse: what backups of Huawei Cloud CBR are really there, and whether they are enough.

Stores own files; steps turn what one store holds into what the next one holds.

    extract/  ->  landing/     ask the service; keep its responses as sent (sandbox/ stands in for the service)
    normalize/ -> tables/      flatten the responses into four tables (contract/ describes every column)
                  history/     fold snapshots into every version of every record
    policy/                    read the thresholds and the waivers
    models/   ->  warehouse/   run the SELECTs of sql/ in a draft, audit it, and publish it
    flow/                      put the steps together
    reports/, evidence/, alerts/    what people get
    cli/, orchestration/            how it is run: from a shell, or as a Dagster job
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def open_warehouse(home: str | None = None) -> "duckdb.DuckDBPyConnection":
    """Return a connection to the published file, read-only: `.sql("select ...").df()` is a pandas DataFrame.

    `home` is a folder; else CBR_HOME, else ./cbr-home. Whoever has it open goes on reading what it was; open it again
    to see what was published since. Raise StorageError if nothing is published, or the file can't be read.
    """
    from pipelines.config import Settings
    from pipelines.storage.connection import open_published
    from pipelines.storage.home import Home

    return open_published(Home(Settings.load(home).home).warehouse)
