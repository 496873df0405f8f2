"""The four normalized tables.

A new column is one line in the module of its table and nothing anywhere else: its name, type and meaning, and
where the body has it. Sources: the ShowBackup page for names and terms, the recorded wire where the page is
silent.
"""

from pipelines.contract.backups import BACKUPS, CHILDREN
from pipelines.contract.extend_info import EXTEND_INFO
from pipelines.contract.replication import REPLICATION_RECORDS

__all__ = ["BACKUPS", "CHILDREN", "EXTEND_INFO", "NORMALIZED", "REPLICATION_RECORDS"]

NORMALIZED = (BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS)
