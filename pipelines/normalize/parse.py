"""One landed line -> parsed JSON, or the reason why it can't be.

Belongs here: the limits of JSON numbers and of nesting. Does not belong here: what the keys mean.
"""

import json
import math
from typing import Any, NoReturn

# Python refuses to turn longer digit strings into integers; none of the API's numbers is near it.
_MOST_DIGITS = 4000


def parse(line: bytes) -> Any:
    """Return the JSON value of `line`.

    Raises ValueError with a short reason. A number that no float or integer can hold stays text, so that it
    is refused by its column and kept in `extra` instead of becoming infinity.
    """
    try:
        text = line.decode("utf-8", "replace")
        return json.loads(text, parse_float=_real, parse_int=_whole, parse_constant=_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def _real(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else text


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
