"""The four normalized tables.

To add a column, add one line to the module of its table. Names and terms come from the ShowBackup page of the API
reference, or from recorded responses where the page does not document a field.
"""

from pipelines.contract.backups import BACKUPS, CHILDREN
from pipelines.contract.extend_info import EXTEND_INFO
from pipelines.contract.replication import REPLICATION_RECORDS

__all__ = ["BACKUPS", "CHILDREN", "EXTEND_INFO", "NORMALIZED", "REPLICATION_RECORDS"]

NORMALIZED = (BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS)
