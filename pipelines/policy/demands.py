"""Every number and choice that a policy may set, with its default.

Belongs here: the demands of a tier and the settings that hold for all tiers. A new one is one line; the policy
file, its JSON Schema, the tables and their descriptions follow from it. Units are part of the names.
"""

from dataclasses import dataclass

from pipelines.contract.columns import Column, Type

TEXT, TEXTS, WHOLE, REAL, FLAG = Type.STRING, Type.STRINGS, Type.INTEGER, Type.DOUBLE, Type.BOOLEAN
Value = int | float | bool | str | list[str] | None


@dataclass(frozen=True, slots=True)
class Demand:
    """One key of the policy file: a column of a policy table, and what it is where nobody sets it.

    Numbers are from `least` to `most`. A default of None means that it is not asked for.
    """

    column: Column
    default: Value
    least: int
    most: int


# The largest number of each unit. The service keeps backups for 99,999 days at most; the others are beyond all use,
# and far from where instants and whole numbers end.
MOST = {"s": 31_536_000, "h": 876_000, "d": 99_999, "%": 100, "": 1_000_000}
_WINDOW = 3_660  # days that are looked at one by one


def _demand(
    name: str,
    kind: Type,
    default: Value,
    doc: str,
    *,
    unit: str = "",
    known: tuple[str, ...] = (),
    least: int = 0,
    most: int | None = None,
) -> Demand:
    return Demand(Column(name, kind, doc, unit=unit, known=known), default, least, most or MOST[unit])


_ASKED = ("required", "optional")
_MODES = ("every_point", "any_point")
_WANTED = ("required", "none")

TIER: tuple[Demand, ...] = (
    _demand("rpo_hours", WHOLE, 24, "Recovery point objective.", unit="h", least=1),
    _demand("grace_hours", WHOLE, 2, "What a late backup is allowed beyond it.", unit="h"),
    _demand("attainment_percent", REAL, 99.0, "Share of time that must be within the RPO.", unit="%"),
    _demand("min_retention_days", WHOLE, 30, "How long each point must be kept.", unit="d"),
    _demand("min_replica_retention_days", WHOLE, None, "The same for replicas; as for others if not set.", unit="d"),
    _demand(
        "retention_mode", TEXT, "every_point", "Whether each point must be kept so, or one an interval.", known=_MODES
    ),
    _demand("retention_interval_days", WHOLE, 31, "The interval of which one must, for any_point.", unit="d", least=1),
    _demand("max_retention_days", WHOLE, 365, "How long no point may be kept.", unit="d", least=1),
    _demand("min_points", WHOLE, None, "Dependable points at a time; if not set, 7 or what RPO and retention give."),
    _demand("min_distinct_days", WHOLE, None, "Days that they are spread over; if not set, 5, likewise.", unit="d"),
    _demand("cliff_hours", WHOLE, 72, "How far ahead the loss of all points is foretold.", unit="h"),
    _demand("offsite", TEXT, "required", "Whether a copy in another region is needed.", known=_WANTED),
    _demand("offsite_rpo_hours", WHOLE, 168, "How old its moment may be.", unit="h", least=1),
    _demand("require_verified_copy", FLAG, False, "Whether the copy must have been seen where it is."),
    _demand("allowed_regions", TEXTS, None, "Regions that copies may be in; any if not set."),
    _demand("encryption", TEXT, "required", "Whether backups must be encrypted.", known=_ASKED),
    _demand("immutability", TEXT, "none", "Whether a copy that nobody can delete is needed.", known=_WANTED),
    _demand("app_consistency", TEXT, "optional", "Whether backups must be application-consistent.", known=_ASKED),
    _demand("three_two_one", TEXT, "none", "Whether copies, sites and immutability are counted.", known=_WANTED),
    _demand("restore_test_days", WHOLE, None, "How old the last test of restoring may be.", unit="d", least=1),
    _demand("full_backup_days", WHOLE, None, "How old the last full backup may be.", unit="d", least=1),
    _demand("size_check", TEXT, "warn", "What it means when disks do not add up.", known=("warn", "fail")),
    _demand("max_failed_attempts", WHOLE, 2, "Attempts that may fail one after the other."),
    _demand("min_success_percent", REAL, 95.0, "Share of attempts that must succeed.", unit="%"),
)

SETTINGS: tuple[Demand, ...] = (
    _demand("timestamp_tolerance_seconds", WHOLE, 3600, "How far an expiry may fall short.", unit="s"),
    _demand("clock_skew_seconds", WHOLE, 300, "How far clocks may differ.", unit="s"),
    _demand("max_scope_lag_hours", WHOLE, 26, "How far a scope may lag behind the newest one.", unit="h", least=1),
    _demand(
        "gap_window_days", WHOLE, 30, "How far back gaps and attempts are counted.", unit="d", least=1, most=_WINDOW
    ),
    _demand(
        "deletion_window_days",
        WHOLE,
        30,
        "How long a deletion or a change stays a finding.",
        unit="d",
        least=1,
        most=_WINDOW,
    ),
    _demand(
        "look_back_days",
        WHOLE,
        90,
        "How long a resource without any point stays in the report.",
        unit="d",
        least=1,
        most=_WINDOW,
    ),
    _demand("max_detail_age_hours", WHOLE, 168, "How old details may be that a verdict rests on.", unit="h", least=1),
    _demand("purge_lag_hours", WHOLE, 48, "How long the service may keep a point past its expiry.", unit="h"),
    _demand("stuck_hours", WHOLE, 24, "How long a backup or a restore may run.", unit="h", least=1),
    _demand("deletion_stuck_hours", WHOLE, 48, "How long a deletion may run.", unit="h", least=1),
    _demand("replication_stuck_hours", WHOLE, 48, "How long a replication may run.", unit="h", least=1),
    _demand("min_attempts", WHOLE, 5, "Finished attempts that a success rate needs.", least=1),
    _demand(
        "shortened_percent", REAL, 90.0, "Below this share of the usual, a retention counts as shortened.", unit="%"
    ),
    _demand("usual_points", WHOLE, 7, "Earlier points that tell what is usual.", least=1),
    _demand("usual_least_points", WHOLE, 3, "The fewest of them that tell anything.", least=1),
    _demand("mass_points", WHOLE, 3, "Lost points that count as a mass deletion, at least.", least=1),
    _demand("mass_percent", REAL, 5.0, "The share of the points of a vault that does.", unit="%"),
    _demand(
        "usual_total_days",
        WHOLE,
        28,
        "Days before a reading that tell how many points a vault has.",
        unit="d",
        least=1,
        most=_WINDOW,
    ),
    _demand(
        "usual_total_least_days", WHOLE, 14, "The fewest of them that tell anything.", unit="d", least=2, most=_WINDOW
    ),
    _demand("unusual_score", REAL, 3.5, "Robust z-score beyond which a total is unusual."),
    _demand("unusual_size_percent", REAL, 30.0, "How far the size of a server may be off without a word.", unit="%"),
    _demand("waiver_unused_days", WHOLE, 30, "How long a waiver may stand unused.", unit="d", least=1),
    _demand("due_critical_days", WHOLE, 1, "Time to mend a critical failure.", unit="d"),
    _demand("due_high_days", WHOLE, 7, "Time to mend a high one.", unit="d"),
    _demand("due_medium_days", WHOLE, 30, "Time to mend a medium one.", unit="d"),
    _demand("due_low_days", WHOLE, 90, "Time to mend any other.", unit="d"),
    _demand("calendar_days", WHOLE, 90, "How far ahead expiries are listed.", unit="d", least=1, most=_WINDOW),
    _demand("manual_auto_factor", WHOLE, 3, "RPOs within which an automatic point is needed.", least=1, most=100),
    _demand("manual_auto_hours", WHOLE, 168, "The same in hours, where that is longer.", unit="h"),
)

# How much each severity weighs in scores, the worst first; what only informs weighs nothing.
WEIGHTS = {"critical": 10, "high": 5, "medium": 2, "low": 1, "info": 0}
# How specific a selector is: the more specific of two rules of one priority wins.
SELECTORS = {"resource_id": 4, "vault_id": 3, "enterprise_project_id": 2, "resource_type": 1}


def derived(tier: dict[str, Value]) -> dict[str, Value]:
    """Return a tier whose unset depth is what its RPO and retention make possible, and no more than usual."""
    hours = int(str(tier["rpo_hours"]))
    possible = max(1, int(str(tier["min_retention_days"])) * 24 // hours)
    days = max(1, min(possible, int(str(tier["min_retention_days"]))))
    asked = {"min_points": min(7, possible), "min_distinct_days": min(5, days)}
    kept = {name: tier[name] if tier[name] is not None else value for name, value in asked.items()}
    replicas = tier["min_replica_retention_days"]
    kept["min_replica_retention_days"] = tier["min_retention_days"] if replicas is None else replicas
    return tier | kept
