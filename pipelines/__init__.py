"""cbr-warehouse: what backups of Huawei Cloud CBR are really there, and whether that is enough.

extract    asks the service and lands its answers as sent        extract/     (sandbox/ stands in for the service)
normalize  turns landed bodies into four tables                  normalize/   (contract/ says which columns)
history    folds snapshots into what everything was, and when    history/
load       writes them as Parquet and into a DuckDB draft        load/
policy     puts the thresholds beside them                       policy/
model      runs the SELECTs of sql/ in the draft and audits it   models/
publish    renames the draft to the file that analysts open      load/
report     answers from the published file                       reports/
alert      tells a chat what changed                             alerts/
All of it runs as one Dagster job (orchestration/, definitions.py) or from the command line (cli/).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def open_warehouse(home: str | None = None) -> "duckdb.DuckDBPyConnection":
    """Return a connection to the published file, read-only: `.sql("select ...").df()` is a pandas DataFrame.

    `home` is a folder; else CBR_HOME, else ./cbr-home. Whoever has it open goes on reading what it was; open it again
    to see what was published since. Raises Problem where nothing is published, or where it can't be read.
    """
    from pipelines.config import Settings  # what a plain import of this package need not pay for
    from pipelines.duck import open_published
    from pipelines.home import Home

    return open_published(Home(Settings.load(home).home).warehouse)
