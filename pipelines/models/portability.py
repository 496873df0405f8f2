"""Check that a SELECT means the same on DuckDB, on Spark 3.5 and on Spark 4.

The check is an allow-list over the syntax tree: what was not seen to agree is refused, because the dangerous
differences are silent. An order is lost in a list, boundaries are counted instead of whole units, or a half is rounded
the other way. Whether two engines really agree on the data is for the tests to say.
"""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from pipelines.models.portable_forms import CHECKS, STRPOS, TEXT_OF_LIST

# By their class in sqlglot, as DuckDB names them. What sqlglot does not know is exp.Anonymous, and so refused.
_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Abs: "abs",
    exp.Array: "array",
    exp.ArrayAgg: "array_agg",
    exp.ArrayContains: "list_contains",
    exp.ArraySort: "list_sort",
    exp.ArrayToString: "array_to_string",
    exp.Ceil: "ceil",
    exp.Coalesce: "coalesce",
    exp.Count: "count",
    exp.DateDiff: "date_diff",
    exp.Floor: "floor",
    exp.Greatest: "greatest",
    exp.JSONExtractScalar: "json_extract_string",
    exp.Lag: "lag",
    exp.Lead: "lead",
    exp.Least: "least",
    exp.LogicalAnd: "bool_and",
    exp.LogicalOr: "bool_or",
    exp.Lower: "lower",
    exp.Max: "max",
    exp.Median: "median",
    exp.Min: "min",
    exp.Nullif: "nullif",
    exp.RowNumber: "row_number",
    exp.SHA2: "sha256",
    exp.StartsWith: "starts_with",
    exp.StrPosition: "strpos",
    exp.Sum: "sum",
    exp.TimestampTrunc: "date_trunc",
}
# What sqlglot takes for a function, and a reader for syntax.
_SYNTAX = (exp.And, exp.Or, exp.Case, exp.If, exp.Cast, exp.Exists)
_NAMES = ", ".join(sorted(_FUNCTIONS.values()))

_LIKE = "LIKE with a literal pattern"
# What to write in the place of what somebody is likely to reach for.
_INSTEAD: dict[type[exp.Expr], str] = {
    exp.GroupConcat: TEXT_OF_LIST,  # its ordered form does not exist before Spark 4
    exp.Contains: STRPOS,  # DuckDB's takes lists as well, Spark's does not
    exp.ArrayContainsAll: "an inner join or EXISTS",
    exp.Avg: "cast(sum(x) as double) / nullif(count(x), 0)",
    exp.Round: "floor(x + 0.5)",
    exp.Upper: "lower(x)",
    exp.EndsWith: f"starts_with(text, part), or {_LIKE}",
    exp.RegexpLike: f"{_LIKE}, or {STRPOS}",
    exp.RegexpExtract: f"{_LIKE}, or {STRPOS}",
    exp.Length: f"a comparison, or {_LIKE}",
    exp.AnyValue: "min(x) or max(x)",
    exp.Quantile: "median(x), or row_number()",
    exp.PercentileCont: "median(x), or row_number()",
    exp.CurrentTimestamp: "as_of of staging.stg_snapshots",
    exp.CurrentDate: "as_of of staging.stg_snapshots",
    exp.Explode: "a join",
    exp.Unnest: "a join",
}
_REFUSED: tuple[tuple[type[exp.Expr], str, str], ...] = (
    (exp.Pivot, "PIVOT", "sum(x) filter (where ...) for each column"),
    (exp.IntDiv, "integer division", "cast(floor(cast(x as double) / y) as bigint)"),
    (exp.Lambda, "a lambda", "a join"),
    (exp.Subquery, "a subquery", "a common table expression"),
    (exp.Except, "EXCEPT", "a left join where the key is null"),
    (exp.Intersect, "INTERSECT", "an inner join"),
    (exp.Limit, "LIMIT", "row_number() and a condition on it"),
    (exp.TryCast, "TRY_CAST", "CASE with a condition around CAST"),
    (exp.Bracket, "access by position or key", "min(x) or max(x) over rows, or a join"),
)


def objections(sql: str) -> list[str]:
    """Return why `sql` is not portable: what is refused, where, and what to write instead. Empty if it is portable."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    refusals = [refusal for node in tree.walk() for refusal in _refusals(node)]
    try:
        sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        refusals.append(f"Spark has no form for it: {error}; write it with {_NAMES}")
    return refusals


def _refusals(node: exp.Expr) -> Iterator[str]:
    text = node.sql(dialect="duckdb", comments=False)[:100]
    for kind, name, instead in _REFUSED:
        if isinstance(node, kind):
            yield f"{name}: {text}; write {instead}"
    if isinstance(node, exp.Func) and not isinstance(node, (*_FUNCTIONS, *_SYNTAX)):
        form = next((form for kind, form in _INSTEAD.items() if isinstance(node, kind)), None)
        yield f"not on the list of functions: {text}; " + (f"write {form}" if form else f"allowed are {_NAMES}")
    for kind, check in CHECKS.items():
        if isinstance(node, kind) and (refusal := check(node)):
            what, instead = refusal
            yield f"{what}: {text}; write {instead}"
