"""The asset specs, derived from the contract and from sql/: group, kinds, columns, code version, dependencies.

The checks have their specs in checks.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import dagster as dg

from pipelines.contract import meta
from pipelines.contract.columns import Table
from pipelines.contract.tables import NORMALIZED
from pipelines.models.model import Model, ModelColumn
from pipelines.models.project import SOURCES, project
from pipelines.orchestration.checks import audits
from pipelines.orchestration.keys import (
    LANDING,
    REPORT,
    TABLE_GROUPS,
    TableGroup,
    is_in_table_group,
    relation_key,
)
from pipelines.tables.manifest import CONTRACT_VERSION

OWNERS = ["team:backup-compliance"]
_PARQUET_TABLES = (*NORMALIZED, *meta.PER_SNAPSHOT)


@dataclass(frozen=True, slots=True)
class _Relation:
    """A table or a view, as an asset."""

    key: dg.AssetKey
    description: str
    group_name: str
    kinds: set[str]
    columns: Iterable[ModelColumn]
    deps: list[dg.AssetKey]
    code_version: str = CONTRACT_VERSION

    def spec(self) -> dg.AssetSpec:
        columns = [dg.TableColumn(column.name, column.type, description=column.doc) for column in self.columns]
        return dg.AssetSpec(
            self.key,
            deps=self.deps,
            description=self.description,
            group_name=self.group_name,
            kinds=self.kinds,
            owners=OWNERS,
            code_version=self.code_version,
            metadata={
                "dagster/column_schema": dg.TableSchema(columns),
                "dagster/table_name": ".".join(self.key.path),
            },
        )


def landing_spec() -> dg.AssetSpec:
    """Return the spec of the landing."""
    return dg.AssetSpec(
        LANDING,
        description="Every response of ListBackups and ShowBackup as sent, and a manifest that says if it is complete.",
        group_name="extract",
        kinds={"json"},
        owners=OWNERS,
    )


def report_spec() -> dg.AssetSpec:
    """Return the spec of the page and the workbook."""
    return dg.AssetSpec(
        REPORT,
        deps=[relation_key(model.relation) for model in project().models if model.schema == "compliance"],
        description="A page that says whether everything can be restored, and a workbook with a sheet for each mart.",
        group_name="report",
        kinds={"html", "xlsx"},
        owners=OWNERS,
        code_version=version("cbr-warehouse"),
    )


def table_specs() -> list[dg.AssetSpec]:
    """Return the specs of the Parquet tables."""
    return [
        _Relation(
            key=dg.AssetKey(["tables", table.name]),
            description=table.doc,
            group_name="normalize",
            kinds={"parquet"},
            columns=_columns(table),
            deps=[LANDING],
        ).spec()
        for table in _PARQUET_TABLES
    ]


@cache
def warehouse_specs() -> tuple[dg.AssetSpec, ...]:
    """Return the specs of the relations in DuckDB, each after those that it reads: sources, models, audits, catalog."""
    last = (meta.AUDITS, meta.CATALOG)
    sources = [table for table in SOURCES if table not in last and not is_in_table_group(table)]
    return (
        *map(_source_spec, sources),
        *map(_group_spec, TABLE_GROUPS),
        *map(_model_spec, project().models),
        *map(_source_spec, last),
    )


def _group_spec(group: TableGroup) -> dg.AssetSpec:
    tables = "".join(f"\n* `{table.relation}`: {table.doc}" for table in group.tables)
    return dg.AssetSpec(
        group.key,
        deps=[dg.AssetKey(["tables", table.name]) for table in NORMALIZED]
        if group.group_name in ("history", "inputs")
        else [],
        description=f"{group.description}: the tables\n{tables}",
        group_name=group.group_name,
        kinds={"duckdb"},
        owners=OWNERS,
        code_version=CONTRACT_VERSION,
    )


def _source_spec(table: Table) -> dg.AssetSpec:
    group_name = "load" if table.schema in ("cbr", "meta") else "rules"
    if table in (meta.CATALOG, meta.AUDITS):
        group_name = "audit"
    return _Relation(
        key=relation_key(table.relation),
        description=table.doc,
        group_name=group_name,
        kinds={"duckdb"},
        columns=_columns(table),
        deps=_source_deps(table),
    ).spec()


def _source_deps(table: Table) -> list[dg.AssetKey]:
    if table in _PARQUET_TABLES:
        return [dg.AssetKey(["tables", table.name])]
    if table == meta.SNAPSHOTS:
        return [LANDING]
    if table == meta.LOADS:
        return [dg.AssetKey(["tables", normalized.name]) for normalized in NORMALIZED]
    if table == meta.AUDITS:
        return list(dict.fromkeys(relation_key(audit.relation) for audit in audits()))
    if table == meta.CATALOG:
        return [relation_key(meta.AUDITS.relation)]
    return []


def _model_spec(model: Model) -> dg.AssetSpec:
    return _Relation(
        key=relation_key(model.relation),
        description=model.doc,
        group_name=_model_group(model),
        kinds={"duckdb", "sql"},
        columns=project().columns[model.relation],
        deps=list(dict.fromkeys(relation_key(relation) for relation in model.depends_on)),
        code_version=model.version,
    ).spec()


def _model_group(model: Model) -> str:
    """Return the group of a model, which is its schema, with one exception.

    Models between the findings of the controls and the marts are a group of their own, so that groups form no cycle.
    """
    if model.schema != "compliance" and _reads_findings(model.relation):
        return "results"
    return "intermediate" if model.schema == "history" else model.schema


@cache
def _reads_findings(relation: str) -> bool:
    depends_on = next((model.depends_on for model in project().models if model.relation == relation), ())
    return any(name.startswith("controls.") or _reads_findings(name) for name in depends_on)


def _columns(table: Table) -> list[ModelColumn]:
    return [ModelColumn(column.name, column.type.sql, column.comment) for column in table.columns]
