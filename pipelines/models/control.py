"""Controls: the header of each file in sql/controls/, the model that is built of it, and the catalogue of all.

A control's SELECT gives a reason code and numbers. What is built around it gives each finding its status and reason,
and takes out what the policy excludes. What readers get is sql/marts/control_results.sql.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema, quoted
from pipelines.contract.keys import SCOPE, SEVERITIES, SEVERITY, SNAPSHOT
from pipelines.models.model import Model, ModelColumn, ModelError, parse_model
from pipelines.models.reasons import STATUSES, Reason, parse_reasons, returned_codes, sentence_sql, status_sql

SUBJECTS = ("resource", "recovery_point", "lost_point", "known_point", "vault", "scope", "waiver")
WORSE = ("higher", "lower")
TWO, YES = "two approvers", "yes"

CONTROLS = Table(
    "compliance",
    "controls",
    "One row a control: what it asks, of whom, how much a failure matters, and what to do about it.",
    ("control_id",),
    (
        Column("control_id", Type.TEXT, "Id of the control.", required=True),
        Column("title", Type.TEXT, "What holds where it passes.", required=True),
        SEVERITY,
        Column("version", Type.TEXT, "Version of the rule.", required=True),
        Column("subject_kind", Type.TEXT, "What it judges.", required=True, known=SUBJECTS),
        Column("worse", Type.TEXT, "Which measured_value is the worse one; null where none is.", known=WORSE),
        Column(
            "needs_two_approvers",
            Type.FLAG,
            "Two people must accept a waiver, which names the exact backups.",
            required=True,
        ),
        Column("is_gate", Type.FLAG, "It judges what all others rest on: data, records, waivers.", required=True),
        Column("parameters", Type.TEXTS, "Columns of the policy tables that it reads.", required=True),
        Column("remedy", Type.TEXT, "What to do about a failure.", required=True),
    ),
)

CONTROL_REASONS = Table(
    "compliance",
    "control_reasons",
    "One row a reason code of a control: the status that it stands for, and the sentence that results say it with.",
    ("control_id", "reason_code"),
    (
        Column("control_id", Type.TEXT, "Id of the control.", required=True),
        Column("reason_code", Type.TEXT, "Why, in a word.", required=True),
        Column("status", Type.TEXT, "The status of a result with this code.", required=True, known=STATUSES),
        Column("sentence", Type.TEXT, "The sentence, with names in braces for values of the result.", required=True),
    ),
)

# The columns of every finding, in this order, described here so that no control has to. A control's own columns follow.
FINDING = (
    ModelColumn("scope", "VARCHAR", SCOPE.doc),
    ModelColumn("snapshot_id", "VARCHAR", SNAPSHOT.doc),
    ModelColumn("subject_id", "VARCHAR", "Id of the resource, backup, vault, scope or waiver."),
    ModelColumn("status", "VARCHAR", "pass, fail, not_applicable, or unknown. Unknown is never pass."),
    ModelColumn("reason_code", "VARCHAR", "Why, in a word."),
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
_GIVEN = {"scope", "snapshot_id", "subject_id", "reason_code"}  # by every control; other columns of FINDING by most
_MADE = {"status", "reason"}  # of the reason code
EXCLUDABLE = ("resource", "recovery_point", "lost_point", "known_point")  # subjects that a policy can exclude
_EXCLUDED = "intermediate.int_out_of_scope"
OUT_OF_SCOPE = Reason("out_of_scope", "not_applicable", "Taken out of scope by {exclusion_id}: {exclusion_reason}")


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its header, its reasons, and its SELECT as the file has it."""

    model: Model
    row: dict[str, str | bool | list[str] | None]  # as in CONTROLS
    reasons: tuple[Reason, ...]

    @property
    def id(self) -> str:
        """The control's id."""
        return str(self.row["control_id"])

    @property
    def subject_kind(self) -> str:
        """What it judges: one of SUBJECTS."""
        return str(self.row["subject_kind"])


def read_control(model: Model, relations: Mapping[str, Model | Table]) -> Control:
    """Return the control of a file, which may read `relations`.

    Raises ModelError where its header, its columns or its reasons are not a control's.
    """
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
            "parameters": [name for name in header.pop("parameters").split(", ") if name != "none"],
            "remedy": header.pop("remedy"),
        }
        reasons = parse_reasons(header.pop("reasons"))
    except KeyError as missing:
        raise ModelError(f"the header of {model.relation} lacks {missing}") from None
    except ModelError as error:
        raise ModelError(f"the header of {model.relation}: {error}") from None
    if row["control_id"] != model.name.replace("_", "-"):
        raise ModelError(f"{model.relation} calls itself {row['control_id']}: id and file name must agree")
    header.pop("kind", None)
    known = row["severity"] in SEVERITIES and row["subject_kind"] in SUBJECTS and row["worse"] in (None, *WORSE)
    if header or not known:
        raise ModelError(f"the header of {model.relation} has an unknown key, severity or subject")
    if missing_columns := _GIVEN - set(model.names):
        raise ModelError(f"{model.relation} lacks the columns {', '.join(sorted(missing_columns))}")
    if made := _MADE & set(model.names):
        raise ModelError(f"{model.relation} has the columns {', '.join(sorted(made))}, which its reasons make")
    _check_reasons(model, reasons, relations)
    return Control(model, row, reasons)


def _check_reasons(model: Model, reasons: Sequence[Reason], relations: Mapping[str, Model | Table]) -> None:
    for reason in reasons:
        if unknown := set(reason.columns) - set(model.names):
            raise ModelError(
                f"{model.relation} names {', '.join(sorted(unknown))} in the reason {reason.code}, "
                "which its SELECT does not have"
            )
    listed, returned = {reason.code for reason in reasons}, returned_codes(model, relations)
    if unlisted := returned - listed:
        raise ModelError(f"{model.relation} returns {', '.join(sorted(unlisted))}: its header has no such reason")
    if unused := listed - returned:
        raise ModelError(f"{model.relation} has the reason {', '.join(sorted(unused))}, which its SELECT never returns")


def reasons_of(control: Control) -> tuple[Reason, ...]:
    """Return all reasons that findings of a control may have, out_of_scope included where the policy can exclude."""
    return (*control.reasons, OUT_OF_SCOPE) if control.subject_kind in EXCLUDABLE else control.reasons


def finding_model(control: Control) -> Model:
    """Return the model of a control as it is built, with status and reason.

    What the policy takes out of scope stays listed as not applicable, so that nobody takes it for judged, or for
    forgotten. Columns without a description are for sentences alone, and go no further.
    """
    names = control.model.names
    own = tuple(name for name in names if name in control.model.own and name not in _NAMES)
    columns = ",\n    ".join((*(_finding_sql(column, control) for column in FINDING), *own))
    source, depends_on = "control_select", control.model.depends_on
    ctes = f"with control_select as (\n{control.model.sql}\n)"
    if control.subject_kind in EXCLUDABLE:
        source, depends_on = "control_included", (*depends_on, _EXCLUDED)
        selected = ",\n        ".join(f"control_select.{name}" for name in names if name != "reason_code")
        ctes += f""",

control_included as (
    select
        {selected},
        case
            when excluded.subject_id is null then control_select.reason_code
            else {quoted(OUT_OF_SCOPE.code)}
        end as reason_code,
        excluded.exclusion_id,
        excluded.exclusion_reason
    from control_select
    left join {_EXCLUDED} as excluded
        on control_select.scope = excluded.scope
        and control_select.subject_id = excluded.subject_id
        and excluded.subject_kind = {quoted(control.subject_kind)}
)"""
    sql = f"{ctes}\n\nselect\n    {columns}\nfrom {source}\n"
    return replace(control.model, sql=sql, names=(*_NAMES, *own), depends_on=depends_on)


def _finding_sql(column: ModelColumn, control: Control) -> str:
    """Return the column of a finding as it is made of the columns of a control's SELECT."""
    reasons = reasons_of(control)
    if column.name == "status":
        return f"{status_sql(reasons)} as status"
    if column.name == "reason":
        return f"{sentence_sql(reasons)} as reason"
    if column.name not in control.model.names:
        return f"cast(null as {column.type.lower()}) as {column.name}"
    if column.name == "failing_since":
        codes = ", ".join(quoted(reason.code) for reason in reasons if reason.status == "fail")
        return f"case when reason_code in ({codes}) then failing_since end as failing_since"
    return column.name


def controls_table(controls: Sequence[Control]) -> pa.Table:
    """Return the catalogue of controls."""
    return pa.Table.from_pylist([control.row for control in controls], arrow_schema(CONTROLS))


def reasons_table(controls: Sequence[Control]) -> pa.Table:
    """Return the catalogue of reason codes."""
    rows = [
        {"control_id": control.id, "reason_code": reason.code, "status": reason.status, "sentence": reason.sentence}
        for control in controls
        for reason in reasons_of(control)
    ]
    return pa.Table.from_pylist(rows, arrow_schema(CONTROL_REASONS))


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
        f"select\n    control_id, -- VARCHAR: Id of the control.\n    {columns}\nfrom findings\n"
    )
    return parse_model("controls", name, sql)
