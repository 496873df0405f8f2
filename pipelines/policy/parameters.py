"""Every parameter that a policy can set, with its type, unit, bounds, default and description.

A new parameter is one line of `Tier` or `Settings`. The policy file, its JSON Schema, the columns of `policy.tiers` and
`policy.settings` and their descriptions are derived from these two models.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_type_hints

from pydantic import BaseModel, Field, create_model

from pipelines.policy.fields import (
    DAY_UNIT,
    INTEGER,
    MAX_WINDOW_DAYS,
    Count,
    Days,
    Hours,
    Names,
    Percent,
    PositiveCount,
    PositiveDays,
    PositiveHours,
    PositiveMinutes,
    Score,
    Seconds,
    StrictModel,
    WindowDays,
)


def _field(default: Any, description: str) -> Any:
    return Field(default, description=description)


class Tier(StrictModel):
    """What a tier requires of a resource and its recovery points."""

    # A null in the file would relax a rule, so only parameters with the default None accept one.

    rpo_hours: PositiveHours = _field(24, "Recovery point objective.")
    grace_hours: Hours = _field(2, "How much later than the RPO a backup may be.")
    attainment_percent: Percent = _field(99.0, "Share of time that must be within the RPO.")
    min_retention_days: Days = _field(30, "How long each recovery point must be kept.")
    min_replica_retention_days: Days | None = _field(
        None, "How long each replica must be kept; min_retention_days if not set."
    )
    retention_mode: Literal["every_point", "any_point"] = _field(
        "every_point", "Whether every recovery point must be kept that long, or one of each interval."
    )
    retention_interval_days: PositiveDays = _field(31, "Length of that interval, if retention_mode is any_point.")
    max_retention_days: PositiveDays = _field(365, "How long a recovery point may be kept at most.")
    min_points: Count | None = _field(
        None, "Dependable recovery points at a time; if not set, 7 or what RPO and retention make possible."
    )
    min_distinct_days: Days | None = _field(
        None, "Days that dependable recovery points must span; if not set, 5 or what RPO and retention make possible."
    )
    cliff_hours: Hours = _field(72, "How far ahead the loss of all recovery points is announced.")
    cross_account: Literal["required", "none"] = _field("none", "Whether a copy in another account is required.")
    offsite: Literal["required", "none"] = _field("required", "Whether a copy in another region is required.")
    offsite_rpo_hours: PositiveHours = _field(
        168, "Largest age of the newest recovery point that has a copy in another region."
    )
    require_verified_copy: bool = _field(False, "Whether the copy in another region must have been seen there.")
    allowed_regions: Names | None = _field(None, "Regions that copies may be in; any if not set.")
    encryption: Literal["required", "optional"] = _field("required", "Whether backups must be encrypted.")
    immutability: Literal["required", "none"] = _field("none", "Whether a copy that nobody can delete is required.")
    app_consistency: Literal["required", "optional"] = _field(
        "optional", "Whether backups must be application-consistent."
    )
    three_two_one: Literal["required", "none"] = _field(
        "none", "Whether the 3-2-1 rule applies: copies, sites and immutability."
    )
    restore_test_days: PositiveDays | None = _field(None, "Largest age of the last restore test.")
    max_restore_minutes: PositiveMinutes | None = _field(None, "How long the last restore may have taken.")
    sharing: Literal["restricted", "any"] = _field(
        "any", "Whether backups may be shared with the allowed projects only, or with any project."
    )
    allowed_projects: Names | None = _field(
        None, "Projects that backups may be copied to and, if sharing is restricted, shared with; any copy if not set."
    )
    full_backup_days: PositiveDays | None = _field(None, "Largest age of the last full backup.")
    size_check: Literal["warn", "fail"] = _field("warn", "What follows if the sizes of disks do not add up.")
    max_failed_attempts: Count = _field(2, "Attempts that may fail in a row.")
    min_success_percent: Percent = _field(95.0, "Share of attempts that must succeed.")


class Settings(StrictModel):
    """Tolerances and windows that hold for all tiers."""

    timestamp_tolerance_seconds: Seconds = _field(3600, "How much too early an expiry may be.")
    clock_skew_seconds: Seconds = _field(300, "How far clocks may differ.")
    max_scope_lag_hours: PositiveHours = _field(26, "How far a scope may lag behind the newest one.")
    gap_window_days: WindowDays = _field(30, "How far back gaps and attempts are counted.")
    deletion_window_days: WindowDays = _field(30, "How long a deletion or a change stays a finding.")
    look_back_days: WindowDays = _field(90, "How long a resource without any recovery point stays in the report.")
    max_detail_age_hours: PositiveHours = _field(168, "Largest age of the details that a result rests on.")
    max_input_age_hours: PositiveHours = _field(48, "Largest age of the inputs beside the backups.")
    new_resource_hours: Hours = _field(48, "Age up to which a listed resource needs no backup yet.")
    orphan_days: Days = _field(30, "Age from which a backup of a resource that no longer exists is a finding.")
    schedule_days: WindowDays = _field(60, "How far ahead the runs of the service's backup policies are computed.")
    min_locked_percent: Percent = _field(
        95.0, "Share of the recovery points of a locked vault that the lock must keep."
    )
    max_used_percent: Percent = _field(80.0, "Used share of the capacity at which a vault counts as full.")
    full_days: Days = _field(14, "How far ahead a full vault is announced.")
    usage_days: WindowDays = _field(28, "Days that the growth of a vault is computed from.")
    usage_least_days: Annotated[int, DAY_UNIT, Field(ge=2, le=MAX_WINDOW_DAYS), INTEGER] = _field(
        7, "Fewest days that the growth of a vault can be computed from."
    )
    purge_lag_hours: Hours = _field(48, "How long the service may keep a recovery point past its expiry.")
    stuck_hours: PositiveHours = _field(24, "How long a backup or a restore may run.")
    deletion_stuck_hours: PositiveHours = _field(48, "How long a deletion may run.")
    replication_stuck_hours: PositiveHours = _field(48, "How long a replication may run.")
    min_attempts: PositiveCount = _field(5, "Finished attempts that a success rate needs.")
    shortened_percent: Percent = _field(90.0, "A retention below this share of the usual one counts as shortened.")
    usual_points: PositiveCount = _field(7, "Earlier recovery points that the usual values are computed from.")
    usual_least_points: PositiveCount = _field(
        3, "Fewest earlier recovery points that usual values can be computed from."
    )
    mass_points: PositiveCount = _field(3, "Fewest lost recovery points that count as a mass deletion.")
    mass_percent: Percent = _field(
        5.0, "Smallest share of the recovery points of a vault whose loss counts as a mass deletion."
    )
    usual_total_days: WindowDays = _field(
        28, "Days before a snapshot that the usual number of recovery points of a vault is computed from."
    )
    usual_total_least_days: Annotated[int, DAY_UNIT, Field(ge=2, le=MAX_WINDOW_DAYS), INTEGER] = _field(
        14, "Fewest days that the usual number of recovery points of a vault can be computed from."
    )
    unusual_score: Score = _field(3.5, "Robust z-score beyond which a total is unusual.")
    unusual_size_percent: Percent = _field(30.0, "How far the size of a server may differ from the usual size.")
    waiver_unused_days: PositiveDays = _field(30, "How long a waiver may stay unused.")
    due_critical_days: Days = _field(1, "Time to fix a critical failure.")
    due_high_days: Days = _field(7, "Time to fix a high failure.")
    due_medium_days: Days = _field(30, "Time to fix a medium failure.")
    due_low_days: Days = _field(90, "Time to fix any other failure.")
    calendar_days: WindowDays = _field(90, "How far ahead expiries are listed.")
    manual_auto_factor: Annotated[int, Field(ge=1, le=100), INTEGER] = _field(
        3, "RPOs within which an automatic recovery point is required."
    )
    manual_auto_hours: Hours = _field(168, "Hours within which an automatic recovery point is required, if longer.")


def _optional(model: type[BaseModel]) -> Any:
    """Return the fields of a model, of the same types and unset by default."""
    types = get_type_hints(model, include_extras=True)
    return {name: (types[name], _field(None, field.description or "")) for name, field in model.model_fields.items()}


if TYPE_CHECKING:
    Overrides: TypeAlias = StrictModel
else:
    Overrides = create_model("Overrides", __base__=StrictModel, **_optional(Tier))
