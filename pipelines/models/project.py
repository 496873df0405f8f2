"""All models of sql/ in build order, with the description of every column."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pipelines.contract.columns import Table
from pipelines.contract.history import HISTORY
from pipelines.contract.input_files import FILE_TABLES
from pipelines.contract.input_history import INPUT_HISTORY
from pipelines.contract.input_readings import INPUT_GAPS, INPUT_STATUS
from pipelines.contract.inputs import INPUT_TABLES
from pipelines.contract.meta import META
from pipelines.contract.policy_runs import SCHEDULES
from pipelines.contract.results import RESULTS
from pipelines.contract.tables import NORMALIZED
from pipelines.models.control import CONTROL_REASONS, CONTROLS, Control, read_control
from pipelines.models.files import sql_folder
from pipelines.models.findings import FINDING, finding_model, unions_of
from pipelines.models.model import AUDITS, SCHEMAS, Model, ModelColumn, ModelError, read_model
from pipelines.models.standards import STANDARDS, STANDARDS_FILE
from pipelines.models.versions import version_models
from pipelines.policy.tables import POLICY

# Tables that models read and no file of sql/ creates.
SOURCES: tuple[Table, ...] = (
    *NORMALIZED,
    *INPUT_TABLES,
    *FILE_TABLES,
    *HISTORY,
    *INPUT_HISTORY,
    *META,
    INPUT_STATUS,
    INPUT_GAPS,
    *SCHEDULES,
    *RESULTS,
    *POLICY,
    CONTROLS,
    CONTROL_REASONS,
    STANDARDS,
)


@dataclass(frozen=True, slots=True)
class Project:
    """The models in build order, the columns of every relation, the controls and the audits."""

    models: tuple[Model, ...]
    columns: dict[str, tuple[ModelColumn, ...]]
    controls: tuple[Control, ...]
    audits: tuple[Model, ...]
    standards: Path

    def upstream(self, relations: Iterable[str]) -> "Project":
        """Return the project reduced to `relations` and everything they read, without audits."""
        wanted = set(relations)
        for model in reversed(self.models):
            if model.relation in wanted:
                wanted.update(model.depends_on)
        return replace(self, models=tuple(m for m in self.models if m.relation in wanted), audits=())


@cache
def project() -> Project:
    """Return the models that this package ships."""
    return read_project(sql_folder())


def read_project(folder: Path) -> Project:
    """Return the models below `folder`. Raise ModelError if they do not fit together."""
    files = [read_model(path) for layer in SCHEMAS for path in sorted((folder / layer).glob("*.sql"))]
    relations: dict[str, Model | Table] = {table.relation: table for table in SOURCES}
    relations |= {model.relation: model for model in files}
    controls = tuple(read_control(model, relations) for model in files if model.schema == "controls")
    plain = [model for model in files if model.schema != "controls"]
    judging = [*map(finding_model, controls), *unions_of(controls)] if controls else []
    models = _ordered([*plain, *version_models(), *judging])
    columns = {t.relation: tuple(ModelColumn(c.name, c.type.sql, c.comment) for c in t.columns) for t in SOURCES}
    for model in models:
        columns[model.relation] = tuple(_column(model, name, columns) for name in model.names)
    audits = tuple(read_model(path) for path in sorted((folder / AUDITS).glob("*.sql")))
    return Project(models, columns, controls, audits, folder / STANDARDS_FILE)


def _ordered(models: Iterable[Model]) -> tuple[Model, ...]:
    by_relation = {model.relation: model for model in models}
    known = by_relation.keys() | {table.relation for table in SOURCES}
    for model in by_relation.values():
        if unknown := set(model.depends_on) - known:
            raise ModelError(f"{model.relation} reads {', '.join(sorted(unknown))}, which nothing creates")
    try:
        order = TopologicalSorter({name: model.depends_on for name, model in by_relation.items()}).static_order()
        return tuple(by_relation[name] for name in order if name in by_relation)
    except CycleError as error:
        raise ModelError(f"models read each other in a circle: {' -> '.join(error.args[1])}") from error


def _column(model: Model, name: str, columns: dict[str, tuple[ModelColumn, ...]]) -> ModelColumn:
    """Return the column as the model describes it, else as the relations it reads do, if they agree."""
    if name in model.own:
        return model.own[name]
    if model.schema == "controls" and (shared := [column for column in FINDING if column.name == name]):
        return shared[0]
    upstream = {column for relation in model.depends_on for column in columns[relation] if column.name == name}
    if len(upstream) != 1:
        reason = "nothing it reads describes it" if not upstream else "the relations it reads disagree about it"
        raise ModelError(f"{model.relation}.{name} has no comment, and {reason}")
    return upstream.pop()
