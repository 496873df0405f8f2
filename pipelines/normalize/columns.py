"""The attributes of Structs -> Arrow columns, with no loop over values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import astuple

from pipelines.contract.columns import Type
from pipelines.normalize.structs import ObjectType

if TYPE_CHECKING:
    AnyArray = pa.Array[Any]
else:
    AnyArray = pa.Array

Columns = dict[str, AnyArray]
pc: Any = pyarrow.compute  # its stubs know each function for some kinds of array only

_SHORTEST = len("2026-01-31T23:59:59")  # Arrow reads a date alone as midnight; the contract does not
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # of the years 1 to 9999, in microseconds
_FEW = 128  # values that are worth a regular expression
_ZONED = (
    r"^(?P<local>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):?(?P<minutes>[0-5]\d))?$"
)


def columns_of(kind: ObjectType, structs: Sequence[Struct | None]) -> Columns:
    """Return the columns that objects carry with keys of their own, but for JSON. Timestamps are text still.

    Arrow reads row after row, as the values lie in memory: column after column takes a third longer.
    """
    types = {
        column.name: pa.string() if column.type is Type.TIMESTAMP else column.type.arrow
        for column in kind.columns
        if column.type is not Type.JSON
    }
    width = len(types)
    rows: Any = pa.array([struct and astuple(struct)[:width] for struct in structs], pa.struct(list(types.items())))
    return dict(zip(types, rows.flatten(), strict=True))


def timestamps(texts: Any) -> Any:
    """Return texts as timestamps in UTC, null where the contract spells them otherwise."""
    try:
        moments = texts.cast(Type.TIMESTAMP.arrow)
    except pa.ArrowInvalid:
        moments = None
    if moments is not None and _as_contracted(texts, moments):
        return moments
    if len(texts) <= _FEW:
        return _zoned(texts)
    half = len(texts) // 2
    return pa.concat_arrays([timestamps(texts[:half]), timestamps(texts[half:])])


def _as_contracted(texts: Any, moments: Any) -> bool:
    """Tell whether texts that Arrow reads have their seconds and a year that the contract knows."""
    shortest = pc.min_max(pc.binary_length(texts))["min"].as_py()
    first = pc.min_max(moments.cast(pa.int64()))["min"].as_py()
    return shortest is None or bool(shortest >= _SHORTEST and first >= _FIRST)


def _zoned(texts: Any) -> Any:
    """Return texts as timestamps, each with a zone of its own or none."""
    local, sign, hours, minutes = pc.extract_regex(texts, _ZONED).flatten()
    moments = _cast_or_null(local).cast(pa.int64())
    has_offset = pc.fill_null(pc.not_equal(hours, ""), False)
    offset = pc.add(
        *(
            pc.multiply(pc.if_else(has_offset, part, "0").cast(pa.int64()), unit)
            for part, unit in ((hours, 3_600_000_000), (minutes, 60_000_000))
        )
    )
    utc = pc.subtract(moments, pc.if_else(pc.fill_null(pc.equal(sign, "-"), False), pc.negate(offset), offset))
    fits = pc.and_(pc.greater_equal(utc, _FIRST), pc.less_equal(utc, _LAST))
    return pc.if_else(fits, utc, None).cast(Type.TIMESTAMP.arrow)


def _cast_or_null(texts: Any) -> Any:
    """Return texts as timestamps, null where they are none: a 30th of February has the right form."""
    try:
        return texts.cast(Type.TIMESTAMP.arrow)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.array([None], Type.TIMESTAMP.arrow)
        half = len(texts) // 2
        return pa.concat_arrays([_cast_or_null(texts[:half]), _cast_or_null(texts[half:])])


def nulls_made(texts: Any, moments: Any) -> list[int]:
    """Return the rows in which a text became null."""
    if texts.null_count == moments.null_count:
        return []
    rows: list[int] = pc.indices_nonzero(pc.and_(texts.is_valid(), moments.is_null())).to_pylist()
    return rows
