"""Controls: what the header of a file in sql/controls/ says, the catalog of all, and the union of findings.

Belongs here: the columns that every control must answer with. Does not belong here: how one judges (its
SELECT) or what readers get (sql/marts/control_results.sql).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema, quoted
from pipelines.contract.keys import SCOPE, SEVERITIES, SEVERITY, SNAPSHOT
from pipelines.models.model import Model, ModelColumn, ModelError, parse_model

SUBJECTS = ("resource", "recovery_point", "lost_point", "known_point", "vault", "scope", "waiver")
WORSE = ("higher", "lower")
TWO, YES = "two approvers", "yes"

CONTROLS = Table(
    "compliance",
    "controls",
    "One row a control: what it asks, of whom, how much a failure matters, and what to do about it.",
    ("control_id",),
    (
        Column("control_id", Type.STRING, "ID of the control.", required=True),
        Column("title", Type.STRING, "What holds where it passes.", required=True),
        SEVERITY,
        Column("version", Type.STRING, "Version of the rule.", required=True),
        Column("subject_kind", Type.STRING, "What it judges.", required=True, known_values=SUBJECTS),
        Column("worse", Type.STRING, "Which measured_value is the worse one; null where none is.", known_values=WORSE),
        Column(
            "needs_two_approvers",
            Type.BOOLEAN,
            "Two people must accept a waiver, which names the exact backups.",
            required=True,
        ),
        Column("is_gate", Type.BOOLEAN, "It judges what all others rest on: data, records, waivers.", required=True),
        Column("parameters", Type.STRINGS, "Columns of the policy tables that it reads.", required=True),
        Column("remedy", Type.STRING, "What to do about a failure.", required=True),
    ),
)

# What every control answers with, in this order; described here so that no control has to. Its own columns follow.
FINDING = (
    ModelColumn("scope", "VARCHAR", SCOPE.doc),
    ModelColumn("snapshot_id", "VARCHAR", SNAPSHOT.doc),
    ModelColumn("subject_id", "VARCHAR", "ID of the resource, backup, vault, scope or waiver."),
    ModelColumn("status", "VARCHAR", "pass, fail, not_applicable, or unknown. Unknown is never pass."),
    ModelColumn("reason_code", "VARCHAR", "Reason code."),
    ModelColumn("reason", "VARCHAR", "Why, in one sentence with the numbers."),
    ModelColumn("measured_value", "DOUBLE", "What was measured."),
    ModelColumn("measured_unit", "VARCHAR", "Unit of measured_value and threshold_value."),
    ModelColumn("threshold_value", "DOUBLE", "What it was compared with."),
    ModelColumn(
        "evidence_backup_ids", "VARCHAR[]", "Ids of the backups that show it; null where the subject is the backup."
    ),
    ModelColumn("failing_since", "TIMESTAMP", "Since when it fails, as far as the snapshot itself tells."),
)
_NAMES = tuple(column.name for column in FINDING)
_OUT_OF_SCOPE = "intermediate.int_out_of_scope"


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its header, and the model that answers for it."""

    model: Model
    row: dict[str, str | bool | list[str] | None]  # as in CONTROLS

    @property
    def id(self) -> str:
        """The control's id."""
        return str(self.row["control_id"])

    @property
    def severity(self) -> str:
        """How much a failure matters: one of SEVERITIES."""
        return str(self.row["severity"])

    @property
    def needs_two_approvers(self) -> bool:
        """Whether two people must accept a waiver, which then names the exact backups."""
        return bool(self.row["needs_two_approvers"])

    @property
    def subject_kind(self) -> str:
        """What it judges: one of SUBJECTS."""
        return str(self.row["subject_kind"])


def read_control(model: Model) -> Control:
    """Return the control of a file. Raises ModelError where its header or its columns are not a control's."""
    try:
        header = dict(model.header)
        row: dict[str, str | bool | list[str] | None] = {
            "control_id": header.pop("id"),
            "title": header.pop("title"),
            "severity": header.pop("severity"),
            "version": header.pop("version"),
            "subject_kind": header.pop("subject"),
            "worse": header.pop("worse", None),
            "needs_two_approvers": header.pop("waiver", None) == TWO,
            "is_gate": header.pop("gate", None) == YES,
            "parameters": [one for one in header.pop("parameters").split(", ") if one != "none"],
            "remedy": header.pop("remedy"),
        }
    except KeyError as missing:
        raise ModelError(f"the header of {model.relation} lacks {missing}") from None
    if row["control_id"] != model.name.replace("_", "-"):
        raise ModelError(f"{model.relation} calls itself {row['control_id']}: id and file name must agree")
    header.pop("kind", None)
    known = row["severity"] in SEVERITIES and row["subject_kind"] in SUBJECTS and row["worse"] in (None, *WORSE)
    if header or not known:
        raise ModelError(f"the header of {model.relation} has an unknown key, severity or subject")
    if model.names[: len(FINDING)] != _NAMES:
        raise ModelError(f"{model.relation} must begin with the columns {', '.join(_NAMES)}")
    return Control(model, row)


def scoped(control: Control) -> Model:
    """Return the model of a control as it is built: what the policy takes out of scope is not applicable.

    It stays listed, so that nobody takes it for judged, or for forgotten.
    """
    over = {
        "status": "'not_applicable'",
        "reason_code": "'out_of_scope'",
        "reason": "'Taken out of scope by ' || x.exclusion_id || ': ' || x.exclusion_reason",
        "failing_since": "CAST(NULL AS TIMESTAMP)",
    }
    columns = ",\n    ".join(
        f"CASE WHEN x.subject_id IS NULL THEN f.{name} ELSE {over[name]} END AS {name}" if name in over else f"f.{name}"
        for name in control.model.names
    )
    sql = (
        f"SELECT\n    {columns}\nFROM (\n{control.model.sql}\n) AS f\n"
        f"LEFT JOIN {_OUT_OF_SCOPE} AS x\n"
        "    ON f.scope = x.scope AND f.snapshot_id = x.snapshot_id AND f.subject_id = x.subject_id\n"
        f"    AND x.subject_kind = {quoted(control.subject_kind)}"
    )
    return replace(control.model, sql=sql, depends_on=(*control.model.depends_on, _OUT_OF_SCOPE))


def controls_table(controls: Sequence[Control]) -> pa.Table:
    """Return the catalog of controls."""
    return pa.Table.from_pylist([control.row for control in controls], arrow_schema(CONTROLS))


def unions_of(controls: Sequence[Control]) -> list[Model]:
    """Return the models that put findings below each other: of those that a waiver can be about, and of all."""
    about_waivers = [control for control in controls if control.subject_kind == "waiver"]
    waivable = [control for control in controls if control not in about_waivers]
    doc = "One row a control and subject: the findings of {} below each other."
    return [
        _union("waivable", doc.format("the controls that a waiver can be about"), map(_answers, waivable)),
        _union("findings", doc.format("all controls"), [_WAIVABLE, *map(_answers, about_waivers)]),
    ]


_WAIVABLE = f"select control_id, {', '.join(_NAMES)}\n    from controls.waivable"


def _answers(control: Control) -> str:
    return f"select {quoted(control.id)} as control_id, {', '.join(_NAMES)}\n    from {control.model.relation}"


def _union(name: str, doc: str, answers: Iterable[str]) -> Model:
    columns = ",\n    ".join(_NAMES)
    together = "\n    union all\n    ".join(answers)
    sql = (
        f"-- {doc}\n-- kind: view\nwith findings as (\n    {together}\n)\n\n"
        f"select\n    control_id, -- VARCHAR: ID of the control.\n    {columns}\nfrom findings\n"
    )
    return parse_model("controls", name, sql)
