"""The published file -> what the report says: numbers, and the rows behind each of them.

Belongs here: which rows of which marts, and in which order. Does not belong here: how they look (page/, charts.py,
workbook.py), or a verdict (sql/ has them). A connection enters, read-only; `Content` leaves.
"""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.duck import rows

Row = dict[str, Any]
_MOST = 2_000  # rows of a table in the page: what is left out is counted
DAYS_AHEAD, DAYS_BACK = 14, 30

_RANK = "case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end"


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of the page: `found` rows there are, of which the first ones are in `rows`."""

    id: str
    title: str
    about: str
    rows: list[Row] = field(default_factory=list)
    found: int = 0

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.rows[0]) if self.rows else []

    @property
    def left_out(self) -> int:
        """How many rows the page has not."""
        return self.found - len(self.rows)


@dataclass(frozen=True, slots=True)
class Content:
    """All that the page says."""

    scopes: list[Row]
    scores: list[Row]
    trend: list[Row]
    coverage: list[Row]
    grid: list[Row]
    days: list[str]
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
# Weighed by severity; an unknown counts as a failure in the strict score, an accepted failure as none in the other.
_SCORED = """
    100.0 * sum(w.weight * c.subjects) filter (where c.status = 'pass')
    / nullif(sum(w.weight * c.subjects) filter (where c.status <> 'not_applicable'), 0) as strict_score,
    100.0 * sum(w.weight * c.subjects) filter (where c.status in ('pass', 'waived'))
    / nullif(sum(w.weight * c.subjects) filter (where c.status in ('pass', 'waived', 'fail')), 0) as score,
    sum(c.subjects) filter (where c.status = 'fail') as fails,
    sum(c.subjects) filter (where c.status = 'unknown') as unknowns,
    sum(c.subjects) filter (where c.status = 'fail' and c.severity = 'critical') as critical
"""
_WEIGHTS = "(select distinct severity, weight from policy.severities)"
_SCORES = f"""
select c.scope, {_SCORED}
from intermediate.int_result_counts as c inner join {_WEIGHTS} as w using (severity)
group by c.scope order by c.scope
"""
_TREND = f"""
with counts as (
    select scope, as_of, severity, status, subjects from history.result_counts
    union all
    select scope, as_of, severity, status, subjects from intermediate.int_result_counts
)
select c.scope, c.as_of, {_SCORED}
from counts as c inner join {_WEIGHTS} as w using (severity)
group by c.scope, c.as_of order by c.scope, c.as_of
"""
_COVERAGE = """
select title, control_id, sum(passes) as passes, sum(fails) as fails, sum(waived) as waived, sum(unknowns) as unknowns
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
where d.day > cast(cast(n.day as date) - interval '{DAYS_BACK} days' as date)::varchar
    and r.subject_type <> 'volume_via_server'
group by all
order by bad desc, resource
limit 200
"""
_LISTINGS = {
    "work": (
        "What to do, and who",
        "Each failure that nobody has accepted, the worst first: since when, until when, and what mends it.",
        f"""
        -- A server stands for its disks: a disk is named only where its server does not fail alike.
        with work as (
            select w.*, r.server_id
            from compliance.owner_worklist as w
            left join intermediate.int_resources as r using (scope, snapshot_id, resource_id)
        )
        select
            severity, control_id as control, coalesce(resource_name, subject_id) as subject, owner,
            first_failed_at as since, due_at as due, count(*) as points, min(reason) as reason, min(remedy) as remedy
        from work as w
        where not exists (
            select 1 from work as s
            where s.scope = w.scope and s.control_id = w.control_id and s.resource_id = w.server_id
        )
        group by severity, control_id, coalesce(resource_name, subject_id), owner, first_failed_at, due_at
        order by {_RANK}, since, control, subject
        """,
    ),
    "resources": (
        "Resources",
        "Can it be restored now, and from when? Unprotected ones first.",
        """
        select
            coalesce(resource_name, resource_id) as resource, resource_type as type, owner, tier, recency, verdict,
            can_restore_now, newest_rp_at as newest_point, unprotected_since, depth, worst_severity, fails, unknowns
        from compliance.resource_compliance
        order by case recency when 'fail' then 1 when 'unknown' then 2 else 3 end, fails desc, resource
        """,
    ),
    "controls": (
        "Controls",
        "What is asked, and how many pass. A verdict is a failure as soon as one subject fails.",
        f"""
        select
            severity, control_id as control, title, verdict, sum(passes) as pass, sum(fails) as fail,
            sum(waived) as waived, sum(unknowns) as unknown, sum(not_applicable) as not_applicable,
            min(first_failed_at) as since
        from compliance.summary group by severity, control_id, title, verdict
        order by {_RANK}, case verdict when 'fail' then 1 when 'unknown' then 2 else 3 end, control
        """,
    ),
    "unknown": (
        "What could not be decided",
        "An unknown is no pass: it is a question to the service, or to the policy.",
        f"""
        select severity, control_id as control, reason_code, count(*) as subjects, min(reason) as reason
        from compliance.control_results where raw_status = 'unknown'
        group by severity, control_id, reason_code order by {_RANK}, control, reason_code
        """,
    ),
    "changes": (
        "What changed with the last snapshot",
        "Results that are not what they were when the snapshot before was judged.",
        f"""
        select
            severity, control_id as control, coalesce(resource_name, subject_name, subject_id) as subject, owner,
            from_status, to_status, cause, count(*) as points, min(reason) as reason
        from compliance.control_result_events
        where snapshot_id in (select snapshot_id from staging.stg_snapshots)
        group by
            severity, control_id, coalesce(resource_name, subject_name, subject_id), owner,
            from_status, to_status, cause
        order by {_RANK}, to_status, control, subject
        """,
    ),
    "coming": (
        f"What ends within {DAYS_AHEAD} days",
        "Resources whose last point expires unless a new one is made, and waivers that end.",
        f"""
        select day, 'last recovery point expires' as what, array_to_string(losing_last, ', ') as subject,
            points as points
        from compliance.retention_calendar as c inner join staging.stg_snapshots as n using (scope, snapshot_id)
        where resources_losing_last > 0 and cast(day as date) <= cast(n.as_of as date) + interval '{DAYS_AHEAD} days'
        union all
        select cast(cast(expires_at as date) as varchar), 'waiver ends: ' || control_id, waiver_id, subjects
        from compliance.waiver_register where days_left between 0 and {DAYS_AHEAD}
        order by day, what
        """,
    ),
    "waivers": (
        "Waivers",
        "Failures that somebody has accepted, until when, and whether the waiver holds.",
        """
        select
            waiver_id as waiver, control_id as control, state, subjects, owner, approver, expires_at as expires,
            days_left, ticket, reason
        from compliance.waiver_register order by days_left
        """,
    ),
    "vaults": (
        "Vaults",
        "How much the backups in a vault were made of: the size of the sources, not of what is stored.",
        """
        select
            vault_id as vault, count(*) as points, count(distinct resource_id) as resources,
            sum(resource_size) as source_gb, min(created_at) as oldest, max(created_at) as newest
        from compliance.recovery_points group by vault_id order by source_gb desc
        """,
    ),
    "standards": (
        "Standards",
        "Clauses that controls support, and those that nothing here can measure.",
        """
        select framework, version, reference, status, passing, failing, waived, unknown,
            array_to_string(control_ids, ', ') as controls, notes
        from compliance.standards_scorecard order by framework, reference
        """,
    ),
    "quality": (
        "Doubts about the data",
        "What records of the service say that can't be, and what was done about it.",
        "select rule, relation, backup_id as backup, value, effect from compliance.data_quality_findings order by all",
    ),
}


def read_content(connection: duckdb.DuckDBPyConnection) -> Content:
    """Return what the report says of a published file."""
    grid = rows(connection, _GRID)
    return Content(
        scopes=rows(connection, _SCOPES),
        scores=rows(connection, _SCORES),
        trend=rows(connection, _TREND),
        coverage=rows(connection, _COVERAGE),
        grid=grid,
        days=sorted({day for row in grid for day in row["days"]}),
        listings={name: _listing(connection, name, *told) for name, told in _LISTINGS.items()},
    )


def _listing(connection: duckdb.DuckDBPyConnection, name: str, title: str, about: str, query: str) -> Listing:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {query}")
    found = connection.execute("SELECT count(*) FROM listed").fetchall()[0][0]
    return Listing(name, title, about, rows(connection, f"SELECT * FROM listed LIMIT {_MOST}"), int(found))
