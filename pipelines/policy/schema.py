"""What a policy file and a waiver file may say.

Belongs here: their shape, as types that refuse every key they do not know: a typo must never relax a rule. The
demands and settings come from demands.py. Does not belong here: what holds between keys (check.py).
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from pipelines.contract.columns import Type
from pipelines.policy.demands import MOST, SETTINGS, TIER, Demand

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
_DAY = r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"  # the same days, as JSON Schema can say it
_LARGEST = 1e15  # of what is measured

Name = Annotated[str, Field(min_length=1, pattern=r"\S")]
_SomeNames = Annotated[list[Name], Field(min_length=1)]


def _many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _day(value: Any) -> Any:
    """Return the day that a text is: in quotes, YAML has no dates."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and re.match(_DAY, value) else value
    except ValueError:
        return value


def _whole(value: Any) -> Any:
    """Return 4 for 4.0, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_flag(value: Any) -> Any:
    """Return nothing for true, which Python takes for 1."""
    return None if isinstance(value, bool) else value


Version = Annotated[Literal[1], BeforeValidator(_no_flag)]
Names = Annotated[_SomeNames, BeforeValidator(_many, json_schema_input_type=Name | _SomeNames)]
Day = Annotated[
    date,
    BeforeValidator(_day),
    Field(ge=FIRST_DAY, le=LAST_DAY),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY}),
]
Priority = Annotated[int, Field(ge=-MOST[""], le=MOST[""]), BeforeValidator(_whole)]
_UNSET: Any = None  # a key that is left out, where a null would not do
_EXACTLY_ONE = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


class _Strict(BaseModel):
    """No unknown keys, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _field(demand: Demand, default: Any) -> Any:
    column = demand.column
    types: dict[Type, Any] = {
        Type.INTEGER: int,
        Type.DOUBLE: float,
        Type.BOOLEAN: bool,
        Type.STRING: str,
        Type.STRINGS: Names,
    }
    kind: Any = Literal[column.known] if column.known else types[column.type]
    number = column.type in (Type.INTEGER, Type.DOUBLE)
    about = f"{column.doc}{f' Unit: {column.unit}.' if column.unit else ''}"
    bounds: dict[str, Any] = {"ge": demand.least, "le": demand.most} if number else {}
    asked: Any = Annotated[kind, Field(**bounds)]
    if column.type is Type.INTEGER:
        asked = Annotated[asked, BeforeValidator(_whole)]
    # A null that somebody writes would relax a rule: only what may be left unset may be null.
    return (asked | None if demand.default is None else asked, Field(default, description=about))


def _of(name: str, demands: tuple[Demand, ...], *, defaults: bool) -> type[BaseModel]:
    fields = {d.column.name: _field(d, d.default if defaults else None) for d in demands}
    made: type[BaseModel] = create_model(name, __base__=_Strict, **fields)
    return made


if TYPE_CHECKING:
    Tier: TypeAlias = BaseModel
    Overrides: TypeAlias = BaseModel
    Settings: TypeAlias = BaseModel
else:
    Tier = _of("Tier", TIER, defaults=True)
    Overrides = _of("Overrides", TIER, defaults=False)
    Settings = _of("Settings", SETTINGS, defaults=True)


class Match(_Strict):
    """Which resources: exactly one of these."""

    model_config = _EXACTLY_ONE

    resource_id: Names = Field(_UNSET, description="Ids of resources.")
    vault_id: Names = Field(_UNSET, description="Ids of the vaults that hold the newest backup.")
    enterprise_project_id: Names = Field(_UNSET, description="Ids of enterprise projects.")
    resource_type: Names = Field(_UNSET, description="Types as the API writes them, as OS::Nova::Server.")


class Rule(_Strict):
    """Decides something about the resources that it matches."""

    id: Name = Field(description="Id of the rule; results name it.")
    match: Match


class Assignment(Rule):
    """A rule that gives resources a tier."""

    priority: Priority = Field(description="Of two rules that match, the one with the higher priority decides.")
    tier: Name = Field(description="One of tiers.")
    owner: Name | None = Field(None, description="Who answers for these resources.")
    overrides: Overrides = Field(Overrides(), description="What this rule demands otherwise than the tier.")


class Exclusion(Rule):
    """A rule that takes resources out of scope. They stay listed and counted, as not applicable."""

    reason: Name = Field(description="Why.")
    owner: Name = Field(description="Who answers for it.")
    review_by: Day = Field(description="Through this day it has to be looked at again.")


class Policy(_Strict):
    """What is demanded of which resources."""

    version: Version
    policy_id: Name = Field(description="Name of the policy.")
    effective_from: Day = Field(description="Snapshots from this day (UTC) on are judged by it.")
    report_timezone: Name = Field("UTC", description="Time zone of the days in reports; data stays UTC.")
    settings: Settings = Field(Settings(), description="Tolerances that hold for all tiers.")
    tiers: dict[Name, Tier] = Field(min_length=1)
    default_tier: Name = Field(description="The tier of what no assignment matches.")
    assignments: list[Assignment] = []
    exclude: list[Exclusion] = []


class WaiverMatch(_Strict):
    """Which subjects: exactly one of these, with one value."""

    model_config = _EXACTLY_ONE

    resource_id: Name = _UNSET
    backup_id: Name = _UNSET
    vault_id: Name = _UNSET
    enterprise_project_id: Name = Field(_UNSET, description="Covers a project: needs scope_approver.")
    project_id: Name = Field(_UNSET, description="Covers a project: needs scope_approver.")


PROJECT_WIDE = ("enterprise_project_id", "project_id")


class Waiver(_Strict):
    """A failure that somebody has accepted for a time."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"match": {"anyOf": [{"required": [name]} for name in PROJECT_WIDE]}}},
            "then": {"required": ["scope_approver"], "properties": {"scope_approver": {"type": "string"}}},
        }
    )

    id: Name
    control_id: Name = Field(description="Exactly one control.")
    match: WaiverMatch
    scope: Name | None = Field(None, description="The cloud that it is about; without one, every cloud.")
    backup_ids: Names | None = Field(None, description="The exact backups, for controls about lost or shortened ones.")
    reason: Name
    compensating_control: Name | None = None
    ticket: Name | None = None
    owner: Name
    approver: Name = Field(description="Somebody else than the owner.")
    second_approver: Name | None = Field(None, description="Needed for controls about lost or shortened backups.")
    scope_approver: Name | None = Field(None, description="Needed where a whole project is waived.")
    created: Day = Field(description="It holds from the beginning of this day, in the policy's time zone.")
    expires: Day = Field(
        description="It holds through this day. At most 180 days on for a critical control, 365 for others."
    )
    max_measured_value: float | None = Field(
        None, ge=-_LARGEST, le=_LARGEST, description="What is worse than this is not waived."
    )


class Waivers(_Strict):
    """All waivers."""

    version: Version
    waivers: list[Waiver] = []


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a `policy` or `waivers` file."""
    model: type[BaseModel] = Policy if kind == "policy" else Waivers
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
