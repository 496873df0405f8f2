"""Controls: what the header of a file in sql/controls/ says, the catalog of all, and the union of findings.

Belongs here: the columns that every control must answer with. Does not belong here: how one judges (its
SELECT) or what readers get (sql/marts/control_results.sql).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema, quoted
from pipelines.contract.keys import SCOPE, SNAPSHOT
from pipelines.models.model import Model, ModelColumn, ModelError, parse_model

SEVERITIES = ("critical", "high", "medium", "low", "info")
SUBJECTS = ("resource", "recovery_point")

CONTROLS = Table(
    "compliance",
    "controls",
    "One row a control: what it asks, of whom, how much a failure matters, and what to do about it.",
    ("control_id",),
    (
        Column("control_id", Type.TEXT, "Id of the control.", required=True),
        Column("title", Type.TEXT, "What holds where it passes.", required=True),
        Column("severity", Type.TEXT, "How much a failure matters.", required=True, known=SEVERITIES),
        Column("version", Type.TEXT, "Version of the rule.", required=True),
        Column("subject_kind", Type.TEXT, "What it judges.", required=True, known=SUBJECTS),
        Column("parameters", Type.TEXTS, "Columns of the policy tables that it reads.", required=True),
        Column("standards", Type.TEXTS, "Clauses that a pass supports.", required=True),
        Column("remedy", Type.TEXT, "What to do about a failure.", required=True),
    ),
)

# What every control answers with, in this order; described here so that no control has to. Its own columns follow.
FINDING = (
    ModelColumn("scope", "VARCHAR", SCOPE.doc),
    ModelColumn("snapshot_id", "VARCHAR", SNAPSHOT.doc),
    ModelColumn("subject_id", "VARCHAR", "Id of the resource or of the backup."),
    ModelColumn("status", "VARCHAR", "pass, fail, not_applicable, or unknown. Unknown is never pass."),
    ModelColumn("reason_code", "VARCHAR", "Why, in a word."),
    ModelColumn("reason", "VARCHAR", "Why, in one sentence with the numbers."),
    ModelColumn("measured_value", "DOUBLE", "What was measured."),
    ModelColumn("measured_unit", "VARCHAR", "Unit of measured_value and threshold_value."),
    ModelColumn("threshold_value", "DOUBLE", "What it was compared with."),
    ModelColumn("evidence_backup_ids", "VARCHAR[]", "Ids of the backups that show it."),
    ModelColumn("failing_since", "TIMESTAMP", "Since when it fails, as far as the snapshot itself tells."),
)
_NAMES = tuple(column.name for column in FINDING)


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its header, and the model that answers for it."""

    model: Model
    row: dict[str, str | list[str]]  # as in CONTROLS

    @property
    def id(self) -> str:
        """The control's id."""
        return str(self.row["control_id"])


def read_control(model: Model) -> Control:
    """Return the control of a file. Raises ModelError where its header or its columns are not a control's."""
    try:
        header = dict(model.header)
        row: dict[str, str | list[str]] = {
            "control_id": header.pop("id"),
            "title": header.pop("title"),
            "severity": header.pop("severity"),
            "version": header.pop("version"),
            "subject_kind": header.pop("subject"),
            "parameters": header.pop("parameters").split(", "),
            "standards": header.pop("standards").split("; "),
            "remedy": header.pop("remedy"),
        }
    except KeyError as missing:
        raise ModelError(f"the header of {model.relation} lacks {missing}") from None
    if row["control_id"] != model.name.replace("_", "-"):
        raise ModelError(f"{model.relation} calls itself {row['control_id']}: id and file name must agree")
    if header or row["severity"] not in SEVERITIES or row["subject_kind"] not in SUBJECTS:
        raise ModelError(f"the header of {model.relation} has an unknown key, severity or subject")
    if model.names[: len(FINDING)] != _NAMES:
        raise ModelError(f"{model.relation} must begin with the columns {', '.join(_NAMES)}")
    return Control(model, row)


def controls_table(controls: Sequence[Control]) -> pa.Table:
    """Return the catalog of controls."""
    return pa.Table.from_pylist([control.row for control in controls], arrow_schema(CONTROLS))


def union_of(controls: Sequence[Control]) -> Model:
    """Return the model that puts the findings of all controls below each other."""
    columns = ",\n    ".join(_NAMES)
    answers = "\n    union all\n    ".join(
        f"select {quoted(control.id)} as control_id, {', '.join(_NAMES)}\n    from {control.model.relation}"
        for control in controls
    )
    sql = (
        "-- One row a control and subject: the findings of all controls below each other.\n"
        "-- kind: view\n"
        f"with findings as (\n    {answers}\n)\n\n"
        f"select\n    control_id, -- VARCHAR: Id of the control.\n    {columns}\nfrom findings\n"
    )
    return parse_model("controls", "findings", sql)
