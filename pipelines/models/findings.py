"""Findings: the model that is built of each control, and the union of all.

The SELECT of a control gives a reason code and numbers. Around it stands what makes a status and a sentence of the
code, and what takes out of scope whatever the policy excludes. What readers get is sql/marts/control_results.sql.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.contract.derive import quoted
from pipelines.contract.keys import SCOPE, SNAPSHOT
from pipelines.models.control import EXCLUDABLE, OUT_OF_SCOPE, Control, reasons_of
from pipelines.models.model import Model, ModelColumn, parse_model
from pipelines.models.reasons import sentence_sql, status_sql

# The columns of every finding, in this order, described here so that no control has to. A control's own columns follow.
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
        "evidence_backup_ids",
        "VARCHAR[]",
        "IDs of the backups that show it; null where none does, or the subject is the backup.",
    ),
    ModelColumn("failing_since", "TIMESTAMP", "Since when it fails, as far as the snapshot itself tells."),
)
_NAMES = tuple(column.name for column in FINDING)
_EXCLUDED = "intermediate.int_out_of_scope"


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
        return f"case {status_sql(reasons)} when 'fail' then failing_since end as failing_since"
    return column.name


def unions_of(controls: Sequence[Control]) -> list[Model]:
    """Return the models that put findings below each other: of those that a waiver can be about, and of all."""
    about_waivers = [control for control in controls if control.subject_kind == "waiver"]
    waivable = [control for control in controls if control not in about_waivers]
    doc = "One row per control and subject: the findings of {} below each other."
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
