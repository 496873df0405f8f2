"""What policy.yaml and waivers.yaml may contain, as pydantic models, and the JSON Schema of each for editors.

The parameters of tiers and settings are in parameters.py. Rules that compare several keys, or need to know the
controls, are in policy_checks.py and waiver_checks.py.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.policy.fields import Day, MeasuredValue, Name, Names, Priority, StrictModel, Version
from pipelines.policy.parameters import Overrides, Settings, Tier

_UNSET: Any = None  # the default of a key that can be left out, but can't be null
_EXACTLY_ONE = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


class Match(StrictModel):
    """Which resources: exactly one of these. The first is the most specific selector, the last the least."""

    model_config = _EXACTLY_ONE

    resource_id: Names = Field(_UNSET, description="Ids of resources.")
    vault_id: Names = Field(_UNSET, description="Ids of the vaults that hold the newest backup.")
    enterprise_project_id: Names = Field(_UNSET, description="Ids of enterprise projects.")
    resource_type: Names = Field(_UNSET, description="Types as the API writes them, as OS::Nova::Server.")


class Rule(StrictModel):
    """A decision about the resources that it matches."""

    id: Name = Field(description="Id of the rule; results name it.")
    match: Match


class Assignment(Rule):
    """A rule that gives resources a tier."""

    priority: Priority = Field(description="Of two rules that match, the one with the higher priority decides.")
    tier: Name = Field(description="One of tiers.")
    owner: Name | None = Field(None, description="Who is responsible for these resources.")
    overrides: Overrides = Field(Overrides(), description="Parameters that differ from those of the tier.")


class Exclusion(Rule):
    """A rule that takes resources out of scope. They stay listed and counted, as not applicable."""

    reason: Name = Field(description="Why they are out of scope.")
    owner: Name = Field(description="Who is responsible for the exclusion.")
    review_by: Day = Field(description="The exclusion must be reviewed by the end of this day.")


class DiskMatch(StrictModel):
    """Which disks."""

    resource_id: Names = Field(description="Ids of disks.")


class VolumeExclusion(StrictModel):
    """An approval to leave disks out of the backups of their server."""

    id: Name = Field(description="Id of the approval; results name it.")
    match: DiskMatch
    reason: Name = Field(description="Why they are left out.")
    owner: Name = Field(description="Who is responsible for the approval.")
    review_by: Day = Field(description="The approval must be reviewed by the end of this day.")


class Policy(StrictModel):
    """What is required of which resources."""

    version: Version
    policy_id: Name = Field(description="Name of the policy.")
    effective_from: Day = Field(description="Snapshots from this day (UTC) on are judged by this policy.")
    report_timezone: Name = Field("UTC", description="Time zone of the days in reports; data stays UTC.")
    settings: Settings = Field(Settings(), description="Tolerances and windows that hold for all tiers.")
    tiers: dict[Name, Tier] = Field(min_length=1)
    default_tier: Name = Field(description="The tier of resources that no assignment matches.")
    assignments: list[Assignment] = Field([], description="Which resources get another tier.")
    exclude: list[Exclusion] = Field([], description="Which resources are out of scope.")
    volume_exclusions: list[VolumeExclusion] = Field(
        [], description="Which disks may be left out of the backups of their server."
    )

    @property
    def reviewed(self) -> "tuple[Exclusion | VolumeExclusion, ...]":
        """All exclusions, which must be reviewed in time."""
        return (*self.exclude, *self.volume_exclusions)


class WaiverMatch(StrictModel):
    """Which subjects: exactly one of these, with one value."""

    model_config = _EXACTLY_ONE

    resource_id: Name = _UNSET
    backup_id: Name = _UNSET
    vault_id: Name = _UNSET
    enterprise_project_id: Name = Field(_UNSET, description="Covers a project: needs scope_approver.")
    project_id: Name = Field(_UNSET, description="Covers a project: needs scope_approver.")


PROJECT_WIDE = ("enterprise_project_id", "project_id")


class Waiver(StrictModel):
    """A failure that somebody has accepted for a limited time."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"match": {"anyOf": [{"required": [name]} for name in PROJECT_WIDE]}}},
            "then": {"required": ["scope_approver"], "properties": {"scope_approver": {"type": "string"}}},
        }
    )

    id: Name
    control_id: Name = Field(description="Exactly one control.")
    match: WaiverMatch
    scope: Name | None = Field(None, description="The cloud that the waiver is for; without one, every cloud.")
    backup_ids: Names | None = Field(
        None, description="The exact backups, for controls about lost or shortened backups."
    )
    reason: Name
    compensating_control: Name | None = None
    ticket: Name | None = None
    owner: Name
    approver: Name = Field(description="Somebody other than the owner.")
    second_approver: Name | None = Field(None, description="Needed for controls about lost or shortened backups.")
    scope_approver: Name | None = Field(None, description="Needed where a whole project is waived.")
    created: Day = Field(description="The waiver is valid from the start of this day, in the policy's time zone.")
    expires: Day = Field(
        description="The waiver is valid to the end of this day: at most 180 days after `created` for a critical "
        "control, 365 for others."
    )
    max_measured_value: MeasuredValue | None = Field(None, description="Anything worse than this is not waived.")


class Waivers(StrictModel):
    """All waivers."""

    version: Version
    waivers: list[Waiver] = Field([], description="The failures that are accepted.")


def selections(match: Match | DiskMatch | WaiverMatch) -> list[tuple[str, str]]:
    """Return the pairs of selector and value in a match."""
    selectors = match.model_dump(exclude_unset=True)
    return [
        (selector, value)
        for selector, values in selectors.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a `policy` or `waivers` file."""
    model: type[BaseModel] = Policy if kind == "policy" else Waivers
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
