"""JSON as the wire sends it -> Python values, losing nothing. The reader and the normalizer share it.

Belongs here: the limits of numbers and of nesting, and what is an id. Does not belong here: what keys mean.
"""

import json
from decimal import Decimal
from typing import Any

# Python refuses to turn longer digit strings into integers; none of the API's numbers is near it.
_MOST_DIGITS = 4000


def parse(line: bytes) -> Any:
    """Return the JSON value of `line`. Raises ValueError with a short reason.

    A number that no float or integer holds exactly, and the words NaN and Infinity that are no JSON, become
    text: their column refuses them, and `extra` keeps them as they were.
    """
    try:
        return json.loads(
            line.decode("utf-8", "replace"), parse_float=_real, parse_int=_whole, parse_constant=lambda name: name
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def id_of(record: object) -> str | None:
    """Return the id of a record, or None where it has none that tells it apart."""
    value = record.get("id") if isinstance(record, dict) else None
    return (
        storable(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
    )


def storable(text: str) -> str:
    """Return `text` with lone surrogates replaced: JSON may spell them, UTF-8 can't hold them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _real(text: str) -> float | str:
    value = float(text)
    return value if abs(value) != float("inf") and Decimal(text) == Decimal(repr(value)) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else text
