"""The asset keys: landing, report, and the relations in DuckDB, some of which share an asset."""

from dataclasses import dataclass

import dagster as dg

from pipelines.contract.columns import Table
from pipelines.contract.history import HISTORY
from pipelines.contract.input_files import FILE_TABLES
from pipelines.contract.input_history import INPUT_HISTORY
from pipelines.contract.input_readings import INPUT_GAPS, INPUT_STATUS
from pipelines.contract.inputs import INPUT_TABLES
from pipelines.contract.policy_runs import SCHEDULES
from pipelines.contract.results import RESULTS
from pipelines.policy.tables import POLICY

LANDING = dg.AssetKey(["landing", "backups"])
REPORT = dg.AssetKey(["reports", "compliance"])
SUMMARY = dg.AssetKey(["compliance", "summary"])


@dataclass(frozen=True, slots=True)
class TableGroup:
    """Tables that are written together and are one asset: separate ones would clutter the graph."""

    key: dg.AssetKey
    group_name: str
    description: str
    tables: tuple[Table, ...]


TABLE_GROUPS = (
    TableGroup(
        dg.AssetKey(["history", "tables"]),
        "history",
        "All versions of every record, and the results of earlier snapshots",
        (*HISTORY, *INPUT_HISTORY, *RESULTS),
    ),
    TableGroup(
        dg.AssetKey(["inputs", "tables"]),
        "inputs",
        "Vaults, policies, resources, operations and the audit trail of the service as last read, and the user's files",
        (*INPUT_TABLES, *FILE_TABLES, INPUT_STATUS, INPUT_GAPS, *SCHEDULES),
    ),
    TableGroup(
        dg.AssetKey(["policy", "tables"]),
        "rules",
        "What the policy requires in each snapshot, and the waivers",
        POLICY,
    ),
)
_GROUP_KEYS = {table.relation: group.key for group in TABLE_GROUPS for table in group.tables}


def relation_key(relation: str) -> dg.AssetKey:
    """Return the key of the asset that contains a relation in DuckDB."""
    return _GROUP_KEYS.get(relation) or dg.AssetKey(relation.split("."))


def relations_of(key: dg.AssetKey) -> list[str]:
    """Return the relations in DuckDB that an asset contains."""
    for group in TABLE_GROUPS:
        if group.key == key:
            return [table.relation for table in group.tables]
    return [".".join(key.path)]


def is_in_table_group(table: Table) -> bool:
    """Return whether a table shares an asset with others."""
    return table.relation in _GROUP_KEYS
