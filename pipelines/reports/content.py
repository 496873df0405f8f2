"""The published file -> what the report says: numbers, and the rows behind each of them.

Belongs here: what stands above the tables. Does not belong here: the tables (listings.py), how all of it looks (page/,
charts.py, workbook.py), or a verdict (sql/ has them). A connection enters, read-only; `Content` leaves.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.reports.listings import Listing, read_listings, select
from pipelines.reports.scores import scores, trend
from pipelines.storage.connection import count_rows, fetch_dicts

Row = dict[str, Any]
_GRID_MOST = 200  # resources


@dataclass(frozen=True, slots=True)
class Content:
    """All that the page says."""

    scopes: list[Row]
    scores: list[Row]
    trend: list[Row]
    coverage: list[Row]
    grid: list[Row]
    grid_left_out: int  # resources
    days: list[str]
    critical: list[Row]
    doubtful: bool  # something is stale, rejected or empty: nothing of it looks good
    listings: dict[str, Listing]


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


def read_content(connection: duckdb.DuckDBPyConnection) -> Content:
    """Return what the report says of a published file."""
    scopes = fetch_dicts(connection, _SCOPES)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE grid AS {select('grid')}")
    grid = fetch_dicts(connection, f"SELECT * FROM grid LIMIT {_GRID_MOST}")
    return Content(
        scopes=scopes,
        scores=scores(connection),
        trend=trend(connection),
        coverage=fetch_dicts(connection, _COVERAGE),
        grid=grid,
        grid_left_out=count_rows(connection, "grid") - len(grid),
        days=sorted({day for row in grid for day in row["days"]}),
        critical=fetch_dicts(connection, select("critical")),
        doubtful=any(scope["is_stale"] or scope["rejects"] or not scope["resources"] for scope in scopes),
        listings=read_listings(connection),
    )
