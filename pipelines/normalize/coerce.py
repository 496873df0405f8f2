"""One JSON value -> one value of a column's type.

Says which deviations of the wire are understood. A value comes back as `(value, Fit)`; what is refused as None, and
its caller keeps the original.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from pipelines.contract.columns import Type
from pipelines.landing.wire import storable

INT64 = range(-(2**63), 2**63)
_INTEGER = re.compile(r"[+-]?\d{1,19}")
# Naive, `Z`, an offset, any fraction or none; a bare date is midnight, which never flatters an age.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?\s?(Z|[+-]\d\d:?\d\d)?)?")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Fit(Enum):
    """How a value met its column: as documented, turned into its type, or not at all."""

    AS_SENT = ""
    COERCED = "coerced"
    REFUSED = "refused"


Fitted = tuple[Any, Fit]
Fitter = Callable[[object], Fitted]
_REFUSED: Fitted = (None, Fit.REFUSED)


def fitter(kind: Type) -> Fitter:
    """Return what turns a value that is not null into what `kind` wants, and says how well it fitted."""
    return _FITTERS[kind]


def json_type(value: object) -> str:
    """Return the JSON name of the type of `value`."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def json_text(value: object) -> str:
    """Return `value` as compact JSON that every UTF-8 reader takes."""
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _string(value: object) -> Fitted:
    if isinstance(value, str):
        kept = storable(value)
        return kept, Fit.AS_SENT if kept == value else Fit.COERCED
    if isinstance(value, bool | int | float):
        return json.dumps(value), Fit.COERCED
    return _REFUSED


def _integer(value: object) -> Fitted:
    if isinstance(value, bool):
        return _REFUSED
    if isinstance(value, int):
        return (value, Fit.AS_SENT) if value in INT64 else _REFUSED
    if isinstance(value, float) and value.is_integer() and int(value) in INT64:
        return int(value), Fit.COERCED
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()) and int(value) in INT64:
        return int(value), Fit.COERCED
    return _REFUSED


def _boolean(value: object) -> Fitted:
    if isinstance(value, bool):
        return value, Fit.AS_SENT
    if isinstance(value, str | int):
        known = _BOOLEANS.get(str(value).strip().lower())
        return _REFUSED if known is None else (known, Fit.COERCED)
    return _REFUSED


def _timestamp(value: object) -> Fitted:
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value.strip()):
        return _REFUSED
    try:
        moment = datetime.fromisoformat(value.strip().replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return _REFUSED
    # A bare date lost its time before it was sent; more than six digits of a fraction are lost here.
    whole = ":" in value and not re.search(r"\.\d{7}", value)
    return moment, Fit.AS_SENT if whole else Fit.COERCED


def _milliseconds(value: object) -> Fitted:
    number, fit = _integer(value)
    if number is None:
        return _REFUSED
    try:
        return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(milliseconds=number), fit
    except OverflowError:
        return _REFUSED


def _strings(value: object) -> Fitted:
    """Ids: strings, or objects around them, as images `{image_id}` and the disks of a server `{id, os_version}`."""
    if not isinstance(value, list):
        return _REFUSED
    ids: list[Any] = [_wrapped_id(item) if isinstance(item, dict) else item for item in value]
    return ([storable(i) for i in ids], Fit.AS_SENT) if all(isinstance(i, str) for i in ids) else _REFUSED


def _wrapped_id(item: dict[str, object]) -> object:
    if item.keys() == {"image_id"}:
        return item["image_id"]
    return item["id"] if {"id"} <= item.keys() <= {"id", "os_version"} else None


def _json(value: object) -> Fitted:
    return json_text(value), Fit.AS_SENT


_FITTERS: dict[Type, Fitter] = {
    Type.STRING: _string,
    Type.INTEGER: _integer,
    Type.BOOLEAN: _boolean,
    Type.TIMESTAMP: _timestamp,
    Type.STRINGS: _strings,
    Type.JSON: _json,
    Type.MILLISECONDS: _milliseconds,
}
