"""How each relation looks in Dagster: key, group, kinds, owner, columns, version, dependencies, checks.

All of it follows from the contract and from sql/; nothing is said here again.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version

import dagster as dg

from pipelines.contract import meta
from pipelines.contract.columns import Table
from pipelines.contract.history import HISTORY
from pipelines.contract.results import RESULTS
from pipelines.contract.tables import NORMALIZED
from pipelines.models.audit import Audit, all_audits
from pipelines.models.model import Model, ModelColumn
from pipelines.models.project import SOURCES, project
from pipelines.policy.tables import POLICY
from pipelines.tables.manifest import CONTRACT_VERSION

OWNERS = ["team:backup-compliance"]
LANDING = dg.AssetKey(["landing", "backups"])
REPORT = dg.AssetKey(["reports", "compliance"])
_IN_PARQUET = (*NORMALIZED, *meta.PER_SNAPSHOT)
# Tables of one making are one asset: a graph that shows each would hide what is made of them.
_TOGETHER = {
    dg.AssetKey(["history", "kept"]): (
        "What every record was, and when, and what earlier snapshots were judged to be",
        (*HISTORY, *RESULTS),
    ),
    dg.AssetKey(["policy", "in_force"]): ("What the policy demands of each snapshot, and the waivers", POLICY),
}
_WHOLE = {table.relation: key for key, (_, tables) in _TOGETHER.items() for table in tables}


def landing_spec() -> dg.AssetSpec:
    """Return the asset of what the service said."""
    return dg.AssetSpec(
        LANDING,
        description="Every answer of ListBackups and ShowBackup as sent, with a manifest that says whether it is all.",
        group_name="extract",
        kinds={"json"},
        owners=OWNERS,
    )


def landing_check_spec() -> dg.AssetCheckSpec:
    """Return the check of a run's reading. It comes last: a cloud that fails holds up none that was read."""
    return dg.AssetCheckSpec(
        "every_cloud_was_read",
        asset=LANDING,
        additional_deps=[relation_key("compliance.summary")],
        description="Every cloud that the run was to read gave a complete snapshot.",
    )


def report_spec() -> dg.AssetSpec:
    """Return the asset of the page and the workbook."""
    return dg.AssetSpec(
        REPORT,
        deps=[relation_key(model.relation) for model in project().models if model.schema == "compliance"],
        description="A page that says whether everything can be restored, and a workbook with a sheet a mart.",
        group_name="report",
        kinds={"html", "xlsx"},
        owners=OWNERS,
        code_version=version("cbr-warehouse"),
    )


def table_specs() -> list[dg.AssetSpec]:
    """Return the assets of the Parquet tables."""
    return [
        _spec(
            ["tables", table.name],
            table.doc,
            "normalize",
            {"parquet"},
            CONTRACT_VERSION,
            _columns(table),
            deps=[LANDING],
        )
        for table in _IN_PARQUET
    ]


@cache
def warehouse_specs() -> tuple[dg.AssetSpec, ...]:
    """Return the assets of the relations in DuckDB, none before what it reads: sources, models, audits, catalog."""
    last = (meta.AUDITS, meta.CATALOG)
    sources = [_source(table) for table in SOURCES if table not in last and table.relation not in _WHOLE]
    together = [_together(key, doc, tables) for key, (doc, tables) in _TOGETHER.items()]
    return (*sources, *together, *(_model(model) for model in project().models), *map(_source, last))


def check_specs() -> list[dg.AssetCheckSpec]:
    """Return a check for each audit. One of severity error stands between the draft and its publication."""
    return [
        dg.AssetCheckSpec(
            audit.name,
            asset=relation_key(audit.relation),
            description=audit.doc,
            metadata={"sql": dg.MetadataValue.md(f"```sql\n{audit.query}\n```")},
        )
        for audit in _audits()
    ]


@cache
def _audits() -> tuple[Audit, ...]:
    """Return the audits of the contract and of sql/audits/."""
    return all_audits(project().audits, project().controls)


def relation_key(relation: str) -> dg.AssetKey:
    """Return the key of the asset that a relation in DuckDB is, or is part of."""
    return _WHOLE.get(relation) or dg.AssetKey(relation.split("."))


def relations_of(key: dg.AssetKey) -> list[str]:
    """Return the relations in DuckDB that an asset is."""
    return [table.relation for table in _TOGETHER[key][1]] if key in _TOGETHER else [".".join(key.path)]


def _together(key: dg.AssetKey, doc: str, tables: Iterable[Table]) -> dg.AssetSpec:
    listed = "".join(f"\n* `{table.relation}`: {table.doc}" for table in tables)
    deps = [dg.AssetKey(["tables", table.name]) for table in NORMALIZED] if key.path[0] == "history" else []
    return dg.AssetSpec(
        key,
        deps=deps,
        description=f"{doc}: the tables\n{listed}",
        group_name={"policy": "rules"}.get(key.path[0], key.path[0]),
        kinds={"duckdb"},
        owners=OWNERS,
        code_version=CONTRACT_VERSION,
    )


def _source(table: Table) -> dg.AssetSpec:
    if table in _IN_PARQUET:
        deps = [dg.AssetKey(["tables", table.name])]
    elif table is meta.CATALOG:
        deps = [relation_key(meta.AUDITS.relation)]
    elif table is meta.AUDITS:
        deps = list(dict.fromkeys(relation_key(audit.relation) for audit in _audits()))
    else:
        deps = {meta.SNAPSHOTS: [LANDING], meta.LOADS: [dg.AssetKey(["tables", t.name]) for t in NORMALIZED]}.get(
            table, []
        )
    group = "load" if table.schema in ("cbr", "meta") else "rules"
    if table in (meta.CATALOG, meta.AUDITS):
        group = "audit"
    return _spec(table.relation.split("."), table.doc, group, {"duckdb"}, CONTRACT_VERSION, _columns(table), deps)


def _model(model: Model) -> dg.AssetSpec:
    deps = list(dict.fromkeys(relation_key(relation) for relation in model.depends_on))
    columns = project().columns[model.relation]
    group = _group(model)
    return _spec(model.relation.split("."), model.doc, group, {"duckdb", "sql"}, model.version, columns, deps)


def _group(model: Model) -> str:
    """Return what a model is part of, so that the graph of groups leads one way.

    It is the schema; but what is worked out from findings, before people read it, is a group of its own.
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


def _spec(
    key: list[str],
    doc: str,
    group: str,
    kinds: set[str],
    version: str,
    columns: Iterable[ModelColumn],
    deps: list[dg.AssetKey],
) -> dg.AssetSpec:
    schema = dg.TableSchema([dg.TableColumn(c.name, c.type, description=c.doc) for c in columns])
    return dg.AssetSpec(
        key,
        deps=deps,
        description=doc,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=version,
        metadata={"dagster/column_schema": schema, "dagster/table_name": ".".join(key)},
    )
