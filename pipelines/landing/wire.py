"""JSON as the service sends it, as Python values without loss. Extraction and normalization share it."""

import json
from decimal import Decimal
from typing import Any

# Python refuses to turn longer digit strings into integers; none of the API's numbers is near it.
_MAX_DIGITS = 4000


def parse(line: bytes) -> Any:
    """Return the JSON value of `line`. Raise ValueError with a short reason.

    A number that no float or integer holds exactly becomes a string, as do NaN and Infinity: its column rejects the
    string, and `extra` keeps it as sent.
    """
    try:
        return json.loads(
            line.decode("utf-8", "replace"),
            parse_float=_parse_float,
            parse_int=_parse_int,
            parse_constant=lambda name: name,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def id_of(record: object) -> str | None:
    """Return the id of a record as a string, or None if it has no usable id."""
    value = record.get("id") if isinstance(record, dict) else None
    return (
        storable(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
    )


def storable(text: str) -> str:
    """Return `text` with lone surrogates replaced, which JSON may contain and UTF-8 can't encode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _parse_float(text: str) -> float | str:
    value = float(text)
    return value if abs(value) != float("inf") and Decimal(text) == Decimal(repr(value)) else text


def _parse_int(text: str) -> int | str:
    return int(text) if len(text) <= _MAX_DIGITS else text
