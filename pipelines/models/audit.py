"""Audits of a draft before it is published: SELECTs that return offending rows.

Some follow from the contract (grain, references, expected and known values) and from the controls (grid, gates). The
others are files in sql/audits/.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.contract.columns import Table
from pipelines.contract.derive import quoted
from pipelines.contract.inputs import INPUT_TABLES
from pipelines.contract.tables import NORMALIZED
from pipelines.models.control import Control
from pipelines.models.model import Model

ERROR, WARN = "error", "warn"


@dataclass(frozen=True, slots=True)
class Audit:
    """A query that should return no rows."""

    name: str
    severity: str
    relation: str
    query: str
    doc: str


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The result of an audit: the number of offending rows, and the first few."""

    audit: Audit
    offenders: int
    sample: list[dict[str, Any]]

    @property
    def forbids_publication(self) -> bool:
        """Whether the draft must not be published."""
        return self.audit.severity == ERROR and self.offenders > 0

    @property
    def row(self) -> dict[str, Any]:
        """The row of meta.audits."""
        audit = self.audit
        return {
            "audit": audit.name,
            "severity": audit.severity,
            "relation": audit.relation,
            "query": audit.query,
            "offenders": self.offenders,
        }


def all_audits(files: Iterable[Model], controls: Sequence[Control]) -> tuple[Audit, ...]:
    """Return all audits: of the contract, of the controls, and of sql/audits/."""
    of_files = (Audit(m.name, m.header["severity"], m.header["relation"], m.sql, m.doc) for m in files)
    kinds = dict.fromkeys(control.subject_kind for control in controls)
    grids = (_grid(kind, [control for control in controls if control.subject_kind == kind]) for kind in kinds)
    gates = (_gate(control) for control in controls if control.row["is_gate"])
    return (
        *(audit for table in (*NORMALIZED, *INPUT_TABLES) for audit in _of_contract(table)),
        *grids,
        *gates,
        *of_files,
    )


def _grid(kind: str, controls: Sequence[Control]) -> Audit:
    """Return the audit that every subject has exactly one finding of each control about its kind, and nothing else has.

    Counts and sums of hashes are compared first. Subjects are compared only where these differ.
    """
    subjects = (
        f"SELECT scope, snapshot_id, subject_id FROM intermediate.int_subjects WHERE subject_kind = {quoted(kind)}"
    )
    sums = "scope, snapshot_id, count(*) AS found, sum(hash(subject_id)) AS hashes"
    by = "GROUP BY scope, snapshot_id"
    summed = "\n    UNION ALL ".join(
        f"SELECT {quoted(control.id)} AS control_id, {sums} FROM {control.model.relation} {by}" for control in controls
    )
    findings_by_subject = "\n    UNION ALL ".join(
        f"SELECT {quoted(control.id)} AS control_id, scope, snapshot_id, subject_id FROM {control.model.relation}"
        for control in controls
    )
    ids = ", ".join(f"({quoted(control.id)})" for control in controls)
    query = (
        f"WITH subjects AS (\n    {subjects}\n),\n"
        f"controls AS (SELECT * FROM (VALUES {ids}) AS ids (control_id)),\n"
        f"totals AS (SELECT {sums} FROM subjects {by}),\n"
        f"summed AS (\n    {summed}\n),\n"
        "expected AS (SELECT * FROM controls CROSS JOIN totals),\n"
        "wrong AS (\n    SELECT DISTINCT control_id\n"
        "    FROM expected FULL OUTER JOIN summed USING (control_id, scope, snapshot_id)\n"
        "    WHERE expected.found IS DISTINCT FROM summed.found\n"
        "        OR expected.hashes IS DISTINCT FROM summed.hashes\n),\n"
        f"findings_by_subject AS (\n    {findings_by_subject}\n),\n"
        "combined AS (\n"
        "    SELECT wrong.control_id, subjects.*, 1 AS subjects, 0 AS findings FROM subjects CROSS JOIN wrong\n"
        "    UNION ALL SELECT findings_by_subject.*, 0 AS subjects, 1 AS findings\n"
        "    FROM findings_by_subject INNER JOIN wrong USING (control_id)\n)\n"
        "SELECT control_id, scope, snapshot_id, subject_id, sum(subjects) AS subjects, sum(findings) AS findings\n"
        "FROM combined GROUP BY control_id, scope, snapshot_id, subject_id\n"
        "HAVING sum(subjects) <> 1 OR sum(findings) <> 1"
    )
    doc = f"Every {kind} has exactly one finding of each control: a missing row is a bug, never a pass."
    return Audit(f"grid_of_{kind}", ERROR, "controls.findings", query, doc)


def _gate(control: Control) -> Audit:
    """Return the audit that a gate control passes everywhere. It warns: the draft is published, and says so."""
    return Audit(
        f"gate_{control.model.name}",
        WARN,
        control.model.relation,
        f"SELECT * FROM {control.model.relation} WHERE status IN ('fail', 'unknown')",
        f"{control.row['title']}.",
    )


def _of_contract(table: Table) -> Iterator[Audit]:
    key = ", ".join(table.key)
    yield Audit(
        f"{table.name}_grain",
        ERROR,
        table.relation,
        # Numbers are grouped faster than texts: only keys that share a hash with another are looked at.
        f"WITH twice AS (SELECT hash({key}) AS hashed FROM {table.relation} GROUP BY hashed HAVING count(*) > 1)\n"
        f"SELECT {key}, count(*) AS row_count FROM {table.relation} WHERE hash({key}) IN (SELECT hashed FROM twice)\n"
        f"GROUP BY {key} HAVING count(*) > 1",
        f"A key of {table.relation} stands for one row.",
    )
    expected = [column.name for column in table.columns if column.expected]
    if expected:
        missing = " OR ".join(f"{name} IS NULL" for name in expected)
        yield Audit(
            f"{table.name}_expected",
            WARN,
            table.relation,
            f"SELECT * FROM {table.relation} WHERE {missing}",
            f"The API sends {', '.join(expected)} of every record.",
        )
    for column in table.columns:
        if column.references:
            relation, _, key = column.references.rpartition(".")
            yield Audit(
                f"{table.name}_{column.name}_references",
                ERROR,
                table.relation,
                f"SELECT referring.* FROM {table.relation} AS referring\n"
                f"LEFT JOIN {relation} AS referred\n"
                "    ON referring.scope = referred.scope AND referring.snapshot_id = referred.snapshot_id\n"
                f"    AND referring.{column.name} = referred.{key}\n"
                f"WHERE referred.{key} IS NULL",
                f"{column.name} is one of {column.references}.",
            )
        if column.known_values:
            values = ", ".join(quoted(value) for value in column.known_values)
            yield Audit(
                f"{table.name}_{column.name}_known",
                WARN,
                table.relation,
                f"SELECT * FROM {table.relation} WHERE {column.name} NOT IN ({values})",
                f"{column.name} has a documented value.",
            )
