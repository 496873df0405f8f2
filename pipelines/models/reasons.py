"""The reasons of a control: the status and sentence of each reason code, and the codes that a SELECT returns.

The header of a control lists its reasons as `code: status: sentence`, with names of columns of its SELECT in braces.
What is built of a control makes SQL of them
(findings.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from pipelines.contract.columns import Table
from pipelines.contract.derive import quoted
from pipelines.models.model import Model, ModelError

STATUSES = ("pass", "fail", "unknown", "not_applicable")
UNKNOWN_VALUE = "unknown"  # stands in a sentence for a value that is null

_REASON = re.compile(rf"([a-z][a-z0-9_]*): ({'|'.join(STATUSES)}): (.+)")
_BRACES = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Reason:
    """What a reason code means: a status, and a sentence with names of columns in braces."""

    code: str
    status: str
    sentence: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the sentence shows."""
        return tuple(_BRACES.findall(self.sentence))

    @property
    def sql(self) -> str:
        """The sentence as an expression. A null value shows as `unknown`, and never makes the sentence null."""
        parts = _BRACES.split(self.sentence)  # text, name, text, name, ..., text
        shown = (
            f"coalesce(cast({part} as varchar), {quoted(UNKNOWN_VALUE)})" if position % 2 else quoted(part)
            for position, part in enumerate(parts)
            if part
        )
        return " || ".join(shown)


def parse_reasons(lines: str) -> tuple[Reason, ...]:
    """Return the reasons of a header. Raises ModelError where a line is no reason, or a code comes twice."""
    reasons: dict[str, Reason] = {}
    for line in lines.splitlines():
        match = _REASON.fullmatch(line)
        if not match or "{" in _BRACES.sub("", line) or "}" in _BRACES.sub("", line):
            raise ModelError(f"write a reason as code: status: sentence, with names in braces, not {line!r}")
        if match[1] in reasons:
            raise ModelError(f"the reason code {match[1]} has two lines")
        reasons[match[1]] = Reason(*match.groups())
    return tuple(reasons.values())


def status_sql(reasons: Iterable[Reason]) -> str:
    """Return the expression that makes a status of `reason_code`; null where no reason has the code."""
    reasons = tuple(reasons)
    whens = []
    for status in STATUSES:
        codes = ", ".join(quoted(reason.code) for reason in reasons if reason.status == status)
        if codes:
            whens.append(f"when reason_code in ({codes}) then {quoted(status)}")
    return _case("case", whens)


def sentence_sql(reasons: Iterable[Reason]) -> str:
    """Return the expression that makes a sentence of `reason_code` and the columns of the SELECT."""
    return _case("case reason_code", (f"when {quoted(reason.code)} then {reason.sql}" for reason in reasons))


def _case(begin: str, whens: Iterable[str]) -> str:
    return "\n        ".join((begin, *whens)) + "\n    end"


def returned_values(model: Model, column: str, relations: Mapping[str, Model | Table]) -> set[str]:
    """Return every text that a column of a model can have, as reason_code.

    Literals are traced through CTEs and through the models and tables that it reads. Raises ModelError where the
    column is made of anything but literals and columns with known values.
    """
    values = _Tracer(f"{model.relation}.{column}", relations).values_of_model(model, column)
    if values is None:
        raise ModelError(f"{model.relation} has no column {column}")
    return values


class _Tracer:
    """Follows a column to the literals that it is made of. None stands for a column that is not there."""

    def __init__(self, asker: str, relations: Mapping[str, Model | Table]) -> None:
        self._asker = asker
        self._relations = relations

    def values_of_model(self, model: Model, name: str) -> set[str] | None:
        scope = build_scope(sqlglot.parse_one(model.sql, dialect="duckdb"))
        return self._values(scope, name) if scope else None

    def _values(self, scope: Scope, name: str) -> set[str] | None:
        if isinstance(scope.expression, exp.SetOperation):
            parts = [self._values(part, name) for part in scope.set_operation_scopes]
            return set().union(*(part for part in parts if part is not None)) if None not in parts else None
        select = scope.expression
        if not isinstance(select, exp.Select):
            return None
        for column in select.selects:
            if column.alias_or_name == name:
                return self._values_of_expression(scope, column.unalias())
        return self._values_of_sources(scope, name) if select.is_star else None

    def _values_of_expression(self, scope: Scope, node: exp.Expr) -> set[str]:
        if isinstance(node, exp.Literal) and node.is_string:
            return {node.this}
        if isinstance(node, exp.Null):
            return set()  # of a row that is not there: an audit refuses a finding without a code
        if isinstance(node, exp.Paren | exp.Cast):
            return self._values_of_expression(scope, node.this)
        branches: list[exp.Expr] = []
        if isinstance(node, exp.Case) and node.args.get("default"):
            branches = [*(branch.args["true"] for branch in node.args["ifs"]), node.args["default"]]
        if isinstance(node, exp.Coalesce):
            branches = [node.this, *node.expressions]
        if branches:
            return set().union(*(self._values_of_expression(scope, branch) for branch in branches))
        if isinstance(node, exp.Column):
            values = self._values_of_sources(scope, node.name, node.table)
            if values is not None:
                return values
        text = node.sql(dialect="duckdb", comments=False)
        raise ModelError(f"{self._asker} is made of {text}: write a literal, or a CASE with an ELSE")

    def _values_of_sources(self, scope: Scope, name: str, alias: str = "") -> set[str] | None:
        for source_alias, (_, source) in scope.selected_sources.items():
            if alias in ("", source_alias):
                values = self._values_of_source(source, name)
                if values is not None:
                    return values
        return None

    def _values_of_source(self, source: Scope | exp.Table, name: str) -> set[str] | None:
        if isinstance(source, Scope):
            return self._values(source, name)
        relation = self._relations.get(f"{source.db}.{source.name}")
        if isinstance(relation, Table):
            known = next((column.known_values for column in relation.columns if column.name == name), ())
            return set(known) or None
        return self.values_of_model(relation, name) if relation else None
