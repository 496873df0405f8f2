"""Schedules and time zones of the service's backup policies, as computed when the warehouse is built."""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE

_POLICY_ID = Column("policy_id", Type.STRING, "ID of the policy.", required=True)

POLICY_RUNS = Table(
    "cbr",
    "policy_runs",
    "One row per run of an enabled backup policy that is scheduled in the days after the snapshot.",
    ("scope", "policy_id", "run_at"),
    (SCOPE, _POLICY_ID, Column("run_at", Type.TIMESTAMP, "When the run is scheduled, in UTC.", required=True)),
)

POLICY_PATTERNS = Table(
    "cbr",
    "policy_patterns",
    "One row per rule of the trigger of an enabled backup policy: whether its runs can be computed.",
    ("scope", "policy_id", "pattern"),
    (
        SCOPE,
        _POLICY_ID,
        Column(
            "pattern",
            Type.STRING,
            "The rule of iCalendar (RFC 5545), as received. Empty: there is none.",
            required=True,
        ),
        Column("problem", Type.STRING, "Why its runs can't be computed. Null if they can."),
    ),
)

ZONE_OFFSETS = Table(
    "cbr",
    "zone_offsets",
    "One row per time zone in which a backup policy counts days, weeks, months or years, and period with one offset "
    "from UTC. A zone that is not known has none.",
    ("scope", "timezone", "starts_at"),
    (
        SCOPE,
        Column("timezone", Type.STRING, "Name of the time zone, as received.", required=True),
        Column("starts_at", Type.TIMESTAMP, "Start of the period, in UTC.", required=True),
        Column("ends_at", Type.TIMESTAMP, "End of the period, in UTC.", required=True),
        Column("offset_seconds", Type.INTEGER, "How far local time is ahead.", required=True, unit="seconds"),
    ),
)

SCHEDULES = (POLICY_RUNS, POLICY_PATTERNS, ZONE_OFFSETS)
