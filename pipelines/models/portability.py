"""Whether a SELECT means the same on DuckDB and on Spark: an allow-list over its syntax tree.

Belongs here: the forms that were seen to agree on both engines. What is not listed is refused, because the
dangerous differences are silent: an order lost in a list, boundaries counted instead of whole units, another
rounding. A SELECT enters; sentences about what is refused leave.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sqlglot
from sqlglot import exp

_UNITS = {"DAY", "HOUR", "MINUTE", "SECOND"}
# Functions by their class in sqlglot; one it does not know is exp.Anonymous, and so refused.
_FUNCTIONS: tuple[type[Any], ...] = (
    *(exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Cast, exp.Coalesce, exp.Nullif, exp.Array),
    *(
        exp.Count,
        exp.Sum,
        exp.Min,
        exp.Max,
        exp.LogicalAnd,
        exp.LogicalOr,
        exp.Median,
        exp.RowNumber,
        exp.Lag,
        exp.Lead,
    ),
    *(exp.Floor, exp.Ceil, exp.Abs, exp.Greatest, exp.Least),
    *(exp.Lower, exp.StartsWith, exp.StrPosition, exp.GroupConcat, exp.SHA2, exp.Exists),
    *(exp.JSONExtractScalar, exp.DateDiff, exp.TimestampTrunc, exp.ArraySort, exp.ArrayAgg, exp.ArrayContains),
)
# What to write in the place of functions that somebody is likely to reach for.
_STRPOS = "strpos(text, part) > 0"
_ALLOWED_FORMS: dict[type[exp.Expr], str] = {
    exp.Contains: _STRPOS,  # DuckDB's takes lists as well, Spark's does not
    exp.ArrayContainsAll: "an inner join or EXISTS",
    exp.Avg: "cast(sum(x) as double) / nullif(count(x), 0)",
    exp.Round: "floor(x + 0.5)",
    exp.Upper: "lower(x)",
    exp.EndsWith: "starts_with(text, part), or LIKE with a literal pattern",
    exp.RegexpLike: f"LIKE with a literal pattern, or {_STRPOS}",
    exp.RegexpExtract: f"LIKE with a literal pattern, or {_STRPOS}",
    exp.Length: "a comparison, or LIKE with a literal pattern",
}
_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Pivot, "PIVOT"),
    (exp.IntDiv, "integer division"),
    (exp.Lambda, "a lambda"),
    (exp.Unnest, "UNNEST"),
    (exp.Subquery, "a subquery, where a CTE says more"),
    (exp.Except, "EXCEPT"),
    (exp.Intersect, "INTERSECT"),
    (exp.Limit, "LIMIT"),
    (exp.TryCast, "TRY_CAST"),
    (exp.Bracket, "access by position or key"),
    (exp.CurrentTimestamp, "the clock"),
    (exp.CurrentDate, "the clock"),
)


def objections(sql: str) -> list[str]:
    """Return why `sql` is not portable, a sentence an objection; empty where it is."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    found = [said for node in tree.walk() for said in _about(node)]
    try:
        sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        found.append(f"Spark has no form for it: {error}")
    return found


def _about(node: exp.Expr) -> Iterator[str]:
    for kind, words in _REFUSED:
        if isinstance(node, kind):
            yield f"{words}: {_text(node)}"
    if isinstance(node, exp.Func) and not isinstance(node, _FUNCTIONS):
        form = next((form for kind, form in _ALLOWED_FORMS.items() if isinstance(node, kind)), None)
        allowed = f"write {form}" if form else f"allowed are {_names()}"
        yield f"not on the list of functions: {_text(node)}; {allowed}"
    for kind, check in _CHECKS.items():
        if isinstance(node, kind) and (words := check(node)):
            yield f"{words}: {_text(node)}"


def _names() -> str:
    return ", ".join(sorted(kind.sql_name().lower() for kind in _FUNCTIONS if issubclass(kind, exp.Func)))


def _pattern(node: exp.Expr) -> str:
    """A name in a pattern matches more than itself: % and _ in it stand for any text."""
    is_literal = isinstance(node.args["expression"], exp.Literal)
    return "" if is_literal else f"a pattern that is no literal, where {_STRPOS} takes % and _ as they are"


def _position(node: exp.Expr) -> str:
    return "strpos that begins elsewhere than at the start" if node.args.get("position") else ""


def _interval(node: exp.Expr) -> str:
    unit = node.text("unit").upper()
    return "" if isinstance(node.this, exp.Literal) and unit in _UNITS else "an interval other than 'n' DAY to SECOND"


def _date_diff(node: exp.Expr) -> str:
    """DuckDB counts the boundaries crossed, Spark the whole units elapsed: only truncated ends agree."""
    unit = node.text("unit").upper()

    def whole(end: exp.Expr) -> bool:
        # DuckDB's date_diff casts its ends; look below that.
        while isinstance(end, exp.Cast) and end.to.this is exp.DType.TIMESTAMP:
            end = end.this
        if isinstance(end, exp.Cast):
            return unit == "DAY" and end.to.this is exp.DType.DATE
        return isinstance(end, exp.TimestampTrunc) and end.text("unit").upper() == unit

    return "" if whole(node.this) and whole(node.expression) else "a date_diff whose ends are not cut to its unit"


def _division(node: exp.Expr) -> str:
    divisor = node.args["expression"]
    number = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.this) != 0
    if not number and not isinstance(divisor, exp.Nullif):
        return "a divisor that may be zero, without nullif"
    dividend = node.this
    is_double = isinstance(dividend, exp.Cast) and dividend.to.this is exp.DType.DOUBLE
    return "" if is_double else "a division of something that is not cast to DOUBLE"


def _list(node: exp.Expr) -> str:
    """A list's order is lost on Spark, and an empty one is not null there: sort it, and say what empty is."""
    at = node.parent
    at = at.parent if isinstance(at, exp.Filter) else at
    sorted_and_whole = isinstance(at, exp.ArraySort) and isinstance(at.parent, exp.Coalesce)
    return "" if sorted_and_whole else "a list that is not coalesce(list_sort(array_agg(...)), ...)"


def _text_of_many(node: exp.Expr) -> str:
    return "" if node.find(exp.Order) or isinstance(node.parent, exp.WithinGroup) else "string_agg without ORDER BY"


def _star(node: exp.Expr) -> str:
    return (
        "a star that leaves out or replaces"
        if any(node.args.get(key) for key in ("except_", "replace", "rename"))
        else ""
    )


def _cast(node: exp.Expr) -> str:
    """2.5 becomes 2 on one engine and 3 on the other."""
    whole = node.args["to"].this in exp.DataType.INTEGER_TYPES
    return (
        ""
        if not whole or isinstance(node.this, exp.Floor | exp.Ceil | exp.Null)
        else "a cast to a whole number without floor"
    )


def _join(node: exp.Expr) -> str:
    return "a join that Spark does not have" if node.text("method").upper() in ("ASOF", "POSITIONAL") else ""


def _group(node: exp.Expr) -> str:
    return "GROUP BY ALL" if node.args.get("all") else ""


def _filter(node: exp.Expr) -> str:
    return "EXISTS inside FILTER" if node.expression.find(exp.Exists) else ""


_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
    exp.Interval: _interval,
    exp.DateDiff: _date_diff,
    exp.Div: _division,
    exp.ArrayAgg: _list,
    exp.GroupConcat: _text_of_many,
    exp.Star: _star,
    exp.Cast: _cast,
    exp.Join: _join,
    exp.Group: _group,
    exp.Filter: _filter,
    exp.Like: _pattern,
    exp.ILike: _pattern,
    exp.StrPosition: _position,
}


def _text(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb", comments=False)[:100]
