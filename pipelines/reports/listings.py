"""The tables of the report: which rows of which marts, and in which order.

A connection to a published file enters, read-only; one `Listing` a table leaves. A new table is one entry here.
"""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.duck import rows

Row = dict[str, Any]
_MOST = 2_000  # rows of a table in the page: what is left out is counted
_DAYS_AHEAD = 14
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
        f"What ends within {_DAYS_AHEAD} days",
        "Resources whose last point expires unless a new one is made, and waivers that end.",
        f"""
        select day, 'last recovery point expires' as what, array_to_string(losing_last, ', ') as subject,
            points as points
        from compliance.retention_calendar as c inner join staging.stg_snapshots as n using (scope, snapshot_id)
        where resources_losing_last > 0 and cast(day as date) <= cast(n.as_of as date) + interval '{_DAYS_AHEAD} days'
        union all
        select cast(cast(expires_at as date) as varchar), 'waiver ends: ' || control_id, waiver_id, subjects
        from compliance.waiver_register where days_left between 0 and {_DAYS_AHEAD}
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


def listings(connection: duckdb.DuckDBPyConnection) -> dict[str, Listing]:
    """Return every table of the report, by its id, in the order of the page."""
    return {name: _listing(connection, name, *told) for name, told in _LISTINGS.items()}


def _listing(connection: duckdb.DuckDBPyConnection, name: str, title: str, about: str, query: str) -> Listing:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {query}")
    found = connection.execute("SELECT count(*) FROM listed").fetchall()[0][0]
    return Listing(name, title, about, rows(connection, f"SELECT * FROM listed LIMIT {_MOST}"), int(found))
