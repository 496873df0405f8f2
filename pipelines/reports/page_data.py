"""The data of the report page: scopes, scores, critical failures, coverage, daily status and tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from pipelines.reports.listings import Listing, read_listings, select
from pipelines.reports.scores import Score, ScoreAt, read_scores, read_trend
from pipelines.storage.connection import count_rows, fetch_rows

_MAX_GRID_ROWS = 200  # resources
_KIND_ORDER = {"server": 0, "disk": 1}  # other kinds follow


@dataclass(frozen=True, slots=True)
class ScopeOverview:
    """One scope: its current snapshot, policy and main numbers."""

    scope: str
    is_stale: bool
    stale_reason: str | None
    attempted_at: datetime
    snapshot_id: str | None  # null if there is no complete snapshot
    as_of: datetime | None
    listed: int | None
    is_sandbox: bool | None
    region: str | None
    policy_id: str | None
    policy_sha256: str | None  # null for the built-in policy
    report_timezone: str | None
    rejects: int | None
    resources: int
    unprotected: int
    not_restorable: int
    undecided: int

    @property
    def is_doubtful(self) -> bool:
        """Whether data is old, missing or rejected. The page then shows nothing in green."""
        return self.is_stale or bool(self.rejects) or not self.resources


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many subjects pass one of the main controls in one scope."""

    scope: str
    title: str
    control_id: str
    passes: int
    fails: int
    waived: int
    unknowns: int
    covered: float | None  # percent; null if the scope is stale or no subject applies


@dataclass(frozen=True, slots=True)
class DailyStatus:
    """The status of a resource on each of the last 30 days."""

    scope: str
    id: str
    resource: str
    owner: str | None
    statuses: list[str]  # by day
    days: list[str]


@dataclass(frozen=True, slots=True)
class CriticalFailure:
    """A critical control that fails in one scope."""

    scope: str
    control: str
    title: str
    kinds: list[str]  # of every subject that fails: server, disk, ...
    results: int
    named: list[Mapping[str, Any]]  # id and name of each subject, without disks whose server fails too
    owners: list[str]
    since: datetime | None
    due: datetime

    @property
    def failing_subjects(self) -> str:
        """What fails in words, for example "6 servers and 8 disks"."""
        counts = Counter(self.kinds)
        ordered = sorted(counts, key=lambda kind: (_KIND_ORDER.get(kind, len(_KIND_ORDER)), kind))
        parts = [f"{counts[kind]:,} {_noun(kind, counts[kind])}" for kind in ordered]
        return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


@dataclass(frozen=True, slots=True)
class PageData:
    """Everything that the report page shows."""

    scopes: list[ScopeOverview]
    scores: list[Score]
    trend: list[ScoreAt]
    coverage: list[Coverage]
    grid: list[DailyStatus]
    omitted_grid_rows: int
    critical: list[CriticalFailure]
    listings: dict[str, Listing]

    @property
    def is_doubtful(self) -> bool:
        """Whether the data of any scope is old, missing or rejected."""
        return any(scope.is_doubtful for scope in self.scopes)

    @property
    def days(self) -> list[str]:
        """The days of the daily status, the oldest first."""
        return sorted({day for row in self.grid for day in row.days})

    @property
    def newest_as_of(self) -> datetime | None:
        """Time of the newest complete snapshot, or None if there is none."""
        return max((scope.as_of for scope in self.scopes if scope.as_of), default=None)


_SCOPES = """
select
    c.scope, c.is_stale, c.stale_reason, c.attempted_at, n.snapshot_id, n.as_of, n.listed, n.is_sandbox, n.region,
    p.policy_id, p.policy_sha256, p.report_timezone,
    (select sum(s.rejects) from meta.snapshots as s where s.scope = c.scope and s.is_current) as rejects,
    (select count(*) from compliance.resource_compliance as r where r.scope = c.scope) as resources,
    (select count(*) from compliance.resource_compliance as r where r.scope = c.scope and r.recency = 'fail')
        as unprotected,
    (select count(*) from compliance.resource_compliance as r where r.scope = c.scope
        and r.can_restore_now is distinct from true) as not_restorable,
    (select count(*) from compliance.resource_compliance as r where r.scope = c.scope and r.recency = 'unknown')
        as undecided
from staging.stg_scopes as c
left join meta.snapshots as n on c.scope = n.scope and c.snapshot_id = n.snapshot_id
left join policy.settings as p on c.scope = p.scope and c.snapshot_id = p.snapshot_id
order by c.scope
"""
_COVERAGE = """
select
    scope, title, control_id, passes, fails, waived, unknowns,
    case when not is_stale then 100.0 * passes / nullif(passes + fails + waived + unknowns, 0) end as covered
from compliance.summary
where control_id in (
    'resource-recent-recovery-point', 'server-backup-complete', 'backup-encrypted', 'backup-retention-minimum',
    'resource-offsite-copy', 'resource-automated-protection'
)
order by scope, control_id
"""


def _noun(kind: str, count: int) -> str:
    noun = kind.replace("_", " ")
    return noun if count == 1 else f"{noun}s"


def read_page_data(connection: duckdb.DuckDBPyConnection) -> PageData:
    """Return the data of the report page from a published file."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE grid AS {select('grid')}")
    grid = fetch_rows(connection, f"SELECT * FROM grid LIMIT {_MAX_GRID_ROWS}", DailyStatus)
    return PageData(
        scopes=fetch_rows(connection, _SCOPES, ScopeOverview),
        scores=read_scores(connection),
        trend=read_trend(connection),
        coverage=fetch_rows(connection, _COVERAGE, Coverage),
        grid=grid,
        omitted_grid_rows=count_rows(connection, "grid") - len(grid),
        critical=fetch_rows(connection, select("critical"), CriticalFailure),
        listings=read_listings(connection),
    )
