"""The attributes of Structs -> Arrow columns, with no loop over values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import astuple

from pipelines.contract.columns import Type

if TYPE_CHECKING:
    AnyArray = pa.Array[Any]
else:
    AnyArray = pa.Array

Values = Mapping[str, Sequence[Any]]

_SHORTEST = len("2026-01-31T23:59:59")  # Arrow reads a date alone as midnight; the contract does not
_ZONED = (
    r"^(?P<local>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):?(?P<minutes>[0-5]\d))?$"
)
_FIRST_YEAR = pa.scalar(-62135596800000000, pa.int64())  # Python's and the contract's first moment, 0001-01-01
_LAST_YEAR = pa.scalar(253402300799999999, pa.int64())


def attributes(structs: Sequence[Struct]) -> Values:
    """Return the values of each attribute that all `structs` have."""
    return (
        dict(zip(structs[0].__struct_fields__, zip(*map(astuple, structs), strict=False), strict=False))
        if structs
        else {}
    )


def array(kind: Type, values: Sequence[Any]) -> AnyArray:
    """Return values as a column. Of timestamps, those that do not fit become null."""
    if kind is Type.INSTANT:
        return timestamps(pa.array(values, pa.string()))
    return pa.array(values, kind.arrow)


def timestamps(texts: AnyArray) -> AnyArray:
    """Return texts as timestamps in UTC, null where the contract has another spelling."""
    try:
        cast = texts.cast(Type.INSTANT.arrow)
    except pa.ArrowInvalid:
        return _zoned(texts)
    lengths, years = pc.min_max(pc.binary_length(texts)), pc.min_max(cast.cast(pa.int64()))
    if cast.null_count == len(cast) or (
        lengths["min"].as_py() >= _SHORTEST and years["min"].as_py() >= _FIRST_YEAR.as_py()
    ):
        return cast
    return _zoned(texts)


def _zoned(texts: AnyArray) -> AnyArray:
    """Return texts as timestamps, each with its own zone or none."""
    parts = pc.extract_regex(texts, _ZONED)
    local, sign, hours, minutes = (pc.struct_field(parts, name) for name in ("local", "sign", "hours", "minutes"))
    moments = _cast_what_can(local, Type.INSTANT.arrow).cast(pa.int64())
    has_offset = pc.fill_null(pc.greater(pc.binary_length(hours), 0), False)
    whole = [pc.if_else(has_offset, part, "0").cast(pa.int64()) for part in (hours, minutes)]
    east = pc.multiply(pc.add(pc.multiply(whole[0], 60), whole[1]), 60_000_000)
    east = pc.if_else(pc.fill_null(pc.equal(sign, "-"), False), pc.negate(east), east)
    moments = pc.subtract(moments, east)
    fits = pc.and_(pc.greater_equal(moments, _FIRST_YEAR), pc.less_equal(moments, _LAST_YEAR))
    return pc.if_else(fits, moments, pa.scalar(None, pa.int64())).cast(Type.INSTANT.arrow)


def _cast_what_can(values: AnyArray, kind: pa.DataType) -> AnyArray:
    """Cast values; those that can't be cast become null. The fewer there are of them, the faster."""
    try:
        return values.cast(kind)
    except pa.ArrowInvalid:
        if len(values) == 1:
            return pa.nulls(1, kind)
        half = len(values) // 2
        return pa.concat_arrays([_cast_what_can(values[:half], kind), _cast_what_can(values[half:], kind)])


def nulls_made(values: Sequence[Any], column: AnyArray) -> Iterable[int]:
    """Return the rows that hold a value, and are null in its column."""
    valid = column.is_valid().to_pylist()
    return (row for row, value in enumerate(values) if value is not None and not valid[row])
