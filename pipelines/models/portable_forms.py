"""Check the forms that DuckDB and Spark share only with the right arguments: intervals, divisions, lists, casts.

Each check names what it refuses and what is allowed instead. Functions that are refused whatever their arguments are
listed in portability.py.
"""

from collections.abc import Callable

from sqlglot import exp

STRPOS = "strpos(text, part) > 0"
TEXT_OF_LIST = "nullif(array_to_string(list_sort(array_agg(x)), ', '), '')"  # of no rows, one engine says '' alone
_LIST = "coalesce(list_sort(array_agg(x)), cast([] as varchar[]))"
_UNITS = {"DAY", "HOUR", "MINUTE", "SECOND"}

Refusal = tuple[str, str] | None  # what is refused, and what is allowed instead


def _pattern(node: exp.Expr) -> Refusal:
    """Refuse a pattern made of a column: % and _ in a name stand for any text."""
    return None if isinstance(node.args["expression"], exp.Literal) else ("a pattern that is no literal", STRPOS)


def _position(node: exp.Expr) -> Refusal:
    return ("strpos that begins elsewhere than at the start", STRPOS) if node.args.get("position") else None


def _interval(node: exp.Expr) -> Refusal:
    if isinstance(node.this, exp.Literal) and node.text("unit").upper() in _UNITS:
        return None
    return "an interval that is not a number of days, hours, minutes or seconds", "n * interval '1' day"


def _date_diff(node: exp.Expr) -> Refusal:
    """Refuse ends that are not cut to the unit: DuckDB counts boundaries crossed, Spark whole units elapsed."""
    unit = node.text("unit").upper()

    def is_cut(end: exp.Expr) -> bool:
        # DuckDB's date_diff casts its ends; look below that.
        while isinstance(end, exp.Cast) and end.to.this is exp.DType.TIMESTAMP:
            end = end.this
        if isinstance(end, exp.Cast):
            return unit == "DAY" and end.to.this is exp.DType.DATE
        return isinstance(end, exp.TimestampTrunc) and end.text("unit").upper() == unit

    if is_cut(node.this) and is_cut(node.expression):
        return None
    cut = unit.lower()
    return (
        "a date_diff whose ends are not cut to its unit",
        f"date_diff('{cut}', date_trunc('{cut}', a), date_trunc('{cut}', b))",
    )


def _division(node: exp.Expr) -> Refusal:
    dividend, divisor = node.this, node.args["expression"]
    is_number = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.this) != 0
    if not is_number and not isinstance(divisor, exp.Nullif):
        return "a divisor that may be zero", "cast(x as double) / nullif(y, 0)"
    is_double = isinstance(dividend, exp.Cast) and dividend.to.this is exp.DType.DOUBLE
    return None if is_double else ("a division of what is not cast to DOUBLE", "cast(x as double) / y")


def _list(node: exp.Expr) -> Refusal:
    """Refuse a list whose order Spark drops, or which is null of no rows on DuckDB and empty on Spark."""
    parent = node.parent.parent if isinstance(node.parent, exp.Filter) else node.parent
    is_unordered = node.find(exp.Order) is None
    if (
        is_unordered
        and isinstance(parent, exp.ArraySort)
        and isinstance(parent.parent, exp.Coalesce | exp.ArrayToString)
    ):
        return None
    return "a list that is not sorted, or null of no rows", f"{_LIST}, or {TEXT_OF_LIST}"


def _text_of_list(node: exp.Expr) -> Refusal:
    """Refuse the text of a list that is null of no rows on DuckDB, and '' on Spark."""
    if node.find(exp.ArrayAgg) and not isinstance(node.parent, exp.Nullif | exp.Coalesce):
        return "a text that is null or empty of no rows", TEXT_OF_LIST
    return None


def _star(node: exp.Expr) -> Refusal:
    changes = any(node.args.get(key) for key in ("except_", "replace", "rename"))
    return ("a star that leaves out or replaces", "the names of the columns") if changes else None


def _cast(node: exp.Expr) -> Refusal:
    """Refuse a cast that rounds a half up on one engine and to even on the other, or writes a text as JSON."""
    target = node.args["to"].this
    if target is exp.DType.JSON:
        return "a cast to JSON, which quotes a text", "the text, and json_extract_string(text, '$.key') to read it"
    if target not in exp.DataType.INTEGER_TYPES or isinstance(node.this, exp.Floor | exp.Ceil | exp.Null):
        return None
    return "a cast to a whole number", "cast(floor(x) as bigint)"


def _join(node: exp.Expr) -> Refusal:
    is_foreign = node.text("method").upper() in ("ASOF", "POSITIONAL")
    return ("a join that Spark does not have", "an inner join and row_number()") if is_foreign else None


def _group(node: exp.Expr) -> Refusal:
    return ("GROUP BY ALL", "the names of the columns") if node.args.get("all") else None


def _filter(node: exp.Expr) -> Refusal:
    has_exists = node.expression.find(exp.Exists) is not None
    return ("EXISTS inside FILTER", "a join before it, and a condition on its column") if has_exists else None


CHECKS: dict[type[exp.Expr], Callable[[exp.Expr], Refusal]] = {
    exp.Interval: _interval,
    exp.DateDiff: _date_diff,
    exp.Div: _division,
    exp.ArrayAgg: _list,
    exp.ArrayToString: _text_of_list,
    exp.Star: _star,
    exp.Cast: _cast,
    exp.Join: _join,
    exp.Group: _group,
    exp.Filter: _filter,
    exp.Like: _pattern,
    exp.ILike: _pattern,
    exp.StrPosition: _position,
}
