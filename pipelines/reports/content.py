"""The published file -> what the report says: numbers, and the rows behind each of them.

Belongs here: what stands above the tables. Does not belong here: the tables (listings.py), how all of it looks (page/,
charts.py, workbook.py), or a verdict (sql/ has them). A connection enters, read-only; `Content` leaves.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.duck import rows
from pipelines.reports.listings import Listing, read_listings
from pipelines.reports.scores import scores, trend

Row = dict[str, Any]
_DAYS_BACK = 30


@dataclass(frozen=True, slots=True)
class Content:
    """All that the page says."""

    scopes: list[Row]
    scores: list[Row]
    trend: list[Row]
    coverage: list[Row]
    grid: list[Row]
    days: list[str]
    critical: list[Row]
    doubtful: bool  # something is stale, rejected or unknown
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
from meta.scopes as c
left join meta.snapshots as n on c.scope = n.scope and c.snapshot_id = n.snapshot_id
left join policy.settings as p on c.scope = p.scope and c.snapshot_id = p.snapshot_id
order by c.scope
"""
_COVERAGE = """
select
    title, control_id, sum(passes) as passes, sum(fails) as fails, sum(waived) as waived, sum(unknowns) as unknowns,
    100.0 * sum(passes) / nullif(sum(passes) + sum(fails) + sum(waived) + sum(unknowns), 0) as covered
from compliance.summary
where control_id in (
    'resource-recent-recovery-point', 'server-backup-complete', 'backup-encrypted', 'backup-retention-minimum',
    'resource-offsite-copy', 'resource-automated-protection'
)
group by title, control_id
order by control_id
"""
_GRID = f"""
with newest as (select scope, max(day) as day from compliance.rpo_daily group by scope)
select
    d.scope, coalesce(d.resource_name, d.resource_id) as resource, r.owner,
    list(d.status order by d.day) as statuses, list(d.day order by d.day) as days,
    count(*) filter (where d.status in ('missed', 'failed_only')) as bad
from compliance.rpo_daily as d
inner join newest as n on d.scope = n.scope
inner join compliance.resource_compliance as r on d.scope = r.scope and d.resource_id = r.resource_id
where d.day > cast(cast(n.day as date) - interval '{_DAYS_BACK} days' as date)::varchar
    and r.subject_type <> 'volume_via_server'
group by all
order by bad desc, resource
limit 200
"""


def read_content(connection: duckdb.DuckDBPyConnection) -> Content:
    """Return what the report says of a published file."""
    grid, scopes = rows(connection, _GRID), rows(connection, _SCOPES)
    listings = read_listings(connection)
    return Content(
        scopes=scopes,
        scores=scores(connection),
        trend=trend(connection),
        coverage=rows(connection, _COVERAGE),
        grid=grid,
        days=sorted({day for row in grid for day in row["days"]}),
        listings=listings,
        critical=_critical(listings["work"], listings["controls"]),
        doubtful=bool(listings["unknown"].found) or any(s["is_stale"] or s["rejects"] for s in scopes),
    )


def _critical(work: Listing, controls: Listing) -> list[Row]:
    """Return what is critical, a row a control: whom it concerns, since when, and whose it is."""
    titles = {row["control"]: row["title"] for row in controls.rows}
    found = [row for row in work.rows if row["severity"] == "critical"]
    return [
        {
            "control": control,
            "title": titles[control],
            "subjects": list(dict.fromkeys(row["subject"] for row in mine)),
            "owners": sorted({row["owner"] for row in mine}),
            "since": min((row["since"] for row in mine if row["since"]), default=None),
            "due": min((row["due"] for row in mine if row["due"]), default=None),
        }
        for control in dict.fromkeys(row["control"] for row in found)
        if (mine := [row for row in found if row["control"] == control])
    ]
