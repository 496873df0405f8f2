"""The types of the values in policy.yaml and waivers.yaml.

Every type is strict: a typo or a value of another type must never relax a rule. Numbers carry their unit and their
bounds; the columns of the policy tables and the JSON Schemas take both from here.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
_DAY_PATTERN = r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"  # the same days, as JSON Schema can say it
# The service keeps backups for 99,999 days at most; the other bounds are beyond all use, and far from where timestamps
# and integers end.
_MAX_SECONDS, _MAX_HOURS, _MAX_DAYS, _MAX_COUNT = 31_536_000, 876_000, 99_999, 1_000_000
MAX_WINDOW_DAYS = 3_660  # days that are looked at one by one
_MAX_MEASURED_VALUE = 1e15


class StrictModel(BaseModel):
    """A model that refuses unknown keys and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, as the tables write it."""

    symbol: str


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_date(value: Any) -> Any:
    """Return the date in a text such as "2026-01-31": in quotes, YAML has no dates."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and re.match(_DAY_PATTERN, value) else value
    except ValueError:
        return value


def _as_integer(value: Any) -> Any:
    """Return 4 for 4.0, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse_boolean(value: Any) -> Any:
    """Return None for true, which Python takes for 1."""
    return None if isinstance(value, bool) else value


INTEGER = BeforeValidator(_as_integer)
DAY_UNIT = Unit("d")

Name = Annotated[str, Field(min_length=1, pattern=r"\S")]
_NameList = Annotated[list[Name], Field(min_length=1)]
Names = Annotated[_NameList, BeforeValidator(_as_list, json_schema_input_type=Name | _NameList)]
Version = Annotated[Literal[1], BeforeValidator(_refuse_boolean)]
Day = Annotated[
    date,
    BeforeValidator(_as_date),
    Field(ge=FIRST_DAY, le=LAST_DAY),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY_PATTERN}),
]
Priority = Annotated[int, Field(ge=-_MAX_COUNT, le=_MAX_COUNT), INTEGER]
MeasuredValue = Annotated[float, Field(ge=-_MAX_MEASURED_VALUE, le=_MAX_MEASURED_VALUE)]

Seconds = Annotated[int, Unit("s"), Field(ge=0, le=_MAX_SECONDS), INTEGER]
PositiveMinutes = Annotated[int, Unit("min"), Field(ge=1, le=_MAX_HOURS * 60), INTEGER]
Hours = Annotated[int, Unit("h"), Field(ge=0, le=_MAX_HOURS), INTEGER]
PositiveHours = Annotated[int, Unit("h"), Field(ge=1, le=_MAX_HOURS), INTEGER]
Days = Annotated[int, DAY_UNIT, Field(ge=0, le=_MAX_DAYS), INTEGER]
PositiveDays = Annotated[int, DAY_UNIT, Field(ge=1, le=_MAX_DAYS), INTEGER]
WindowDays = Annotated[int, DAY_UNIT, Field(ge=1, le=MAX_WINDOW_DAYS), INTEGER]
Count = Annotated[int, Field(ge=0, le=_MAX_COUNT), INTEGER]
PositiveCount = Annotated[int, Field(ge=1, le=_MAX_COUNT), INTEGER]
Percent = Annotated[float, Unit("%"), Field(ge=0, le=100)]
Score = Annotated[float, Field(ge=0, le=_MAX_COUNT)]
