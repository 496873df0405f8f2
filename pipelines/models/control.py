"""Controls: what the header of each file in sql/controls/ says, checked against its SELECT, and the catalogue of all.

A control's SELECT gives a reason code and numbers; findings.py makes status and reason of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema
from pipelines.contract.keys import SEVERITIES, SEVERITY
from pipelines.models.model import Model, ModelError
from pipelines.models.reasons import STATUSES, Reason, parse_reasons, returned_values

SUBJECTS = (
    "resource",
    "inventory",
    "recovery_point",
    "lost_point",
    "known_point",
    "vault",
    "service_vault",
    "scope",
    "waiver",
)
WORSE = ("higher", "lower")
TWO, YES = "two approvers", "yes"

CONTROLS = Table(
    "compliance",
    "controls",
    "One row per control: what it asks, of whom, how much a failure matters, and what to do about it.",
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

CONTROL_REASONS = Table(
    "compliance",
    "control_reasons",
    "One row per reason code of a control: the status that it stands for, and the sentence that results say it with.",
    ("control_id", "reason_code"),
    (
        Column("control_id", Type.STRING, "ID of the control.", required=True),
        Column("reason_code", Type.STRING, "Reason code.", required=True),
        Column("status", Type.STRING, "The status of a result with this code.", required=True, known_values=STATUSES),
        Column("sentence", Type.STRING, "The sentence, with names in braces for values of the result.", required=True),
    ),
)

# The columns of a finding that the SELECT of every control gives, those that it may give, and those made of the code.
_REQUIRED = {"scope", "snapshot_id", "subject_id", "reason_code"}
_OPTIONAL = {"measured_value", "measured_unit", "threshold_value", "evidence_backup_ids", "failing_since"}
_MADE = {"status", "reason"}
EXCLUDABLE = (
    "resource",
    "inventory",
    "recovery_point",
    "lost_point",
    "known_point",
)  # subjects that a policy can exclude
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
    _check_columns(model, reasons)
    _check_codes(model, reasons, relations)
    return Control(model, row, reasons)


def _check_columns(model: Model, reasons: Sequence[Reason]) -> None:
    names = set(model.names)
    if missing := _REQUIRED - names:
        raise ModelError(f"{model.relation} lacks the columns {', '.join(sorted(missing))}")
    if made := _MADE & names:
        raise ModelError(f"{model.relation} has the columns {', '.join(sorted(made))}, which its reasons make")
    for reason in reasons:
        if unknown := set(reason.columns) - names:
            unknown_names = ", ".join(sorted(unknown))
            raise ModelError(f"{model.relation} names {unknown_names} in the reason {reason.code}: no column of it")
    shown = {name for reason in reasons for name in reason.columns}
    if unused := names - _REQUIRED - _OPTIONAL - model.own.keys() - shown:
        raise ModelError(f"{model.relation} neither describes nor shows the columns {', '.join(sorted(unused))}")


def _check_codes(model: Model, reasons: Sequence[Reason], relations: Mapping[str, Model | Table]) -> None:
    listed = {reason.code for reason in reasons}
    returned = returned_values(model, "reason_code", relations)
    if unlisted := returned - listed:
        raise ModelError(f"{model.relation} returns {', '.join(sorted(unlisted))}: its header has no such reason")
    if unused := listed - returned:
        raise ModelError(f"{model.relation} has the reason {', '.join(sorted(unused))}, which its SELECT never returns")


def reasons_of(control: Control) -> tuple[Reason, ...]:
    """Return all reasons that findings of a control may have, out_of_scope included where the policy can exclude."""
    return (*control.reasons, OUT_OF_SCOPE) if control.subject_kind in EXCLUDABLE else control.reasons


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
