-- One row per backup that the audit trail names as shared: with whom, by whom, and whether that
-- ended. The deletion of a share does not name the project.
with calls as (
    select
        events.scope,
        events.resource_id as backup_id,
        events.trace_id,
        events.time as called_at,
        events.user_name,
        calls.effect
    from staging.stg_audit_events as events
    inner join staging.stg_calls as calls on lower(events.trace_name) = calls.call
    -- A refused call changed nothing.
    where events.code like '2__' and calls.effect in ('shares_points', 'ends_sharing')
),

shared_projects as (
    select
        scope,
        calls.backup_id,
        trace_id,
        calls.called_at,
        calls.user_name,
        projects.project_id
    from calls
    left join cbr.shared_projects as projects using (scope, trace_id)
    where calls.effect = 'shares_points'
),

judged_shares as (
    select
        shares.*,
        shares.project_id is not null
        and not coalesce(list_contains(requirements.allowed_projects, shares.project_id), false)
            as is_outside
    from shared_projects as shares
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    inner join intermediate.int_requirements as requirements
        on points.scope = requirements.scope and points.resource_id = requirements.resource_id
),

share_totals as (
    select
        scope,
        backup_id,
        count(*) as shares,
        count(distinct project_id) as projects,
        count(*) filter (where project_id is null) as unnamed_shares,
        count(distinct case when is_outside then project_id end) as outside_projects,
        nullif(
            array_to_string(
                list_sort(array_agg(distinct project_id) filter (where is_outside)), ', '
            ),
            ''
        ) as outside_names,
        max(case when is_outside then called_at end) as shared_at
    from judged_shares
    group by scope, backup_id
),

newest_shares as (
    select scope, backup_id, user_name
    from judged_shares
    where is_outside
    qualify row_number() over (
        partition by scope, backup_id order by called_at desc, trace_id, project_id
    ) = 1
),

call_totals as (
    select
        scope,
        backup_id,
        count(*) filter (where calls.effect = 'ends_sharing') as ends,
        count(*) filter (
            where calls.effect = 'ends_sharing' and calls.called_at > share_totals.shared_at
        ) as later_ends
    from calls
    left join share_totals using (scope, backup_id)
    group by scope, backup_id
)

select
    scope,
    backup_id,
    -- BIGINT: Number of projects that it was shared with and that the policy does not allow.
    coalesce(share_totals.outside_projects, 0) as outside_projects,
    share_totals.outside_names, -- VARCHAR: IDs of these projects.
    share_totals.shared_at, -- TIMESTAMP: When it was last shared with one of them.
    newest_shares.user_name as shared_by, -- VARCHAR: Name of the user who did that.
    -- BIGINT: Number of shares of which the project is not on record. More that ended than began
    -- were not all recorded.
    coalesce(share_totals.unnamed_shares, 0)
    + greatest(call_totals.ends - coalesce(share_totals.shares, 0), 0) as unnamed_shares,
    -- BOOLEAN: Whether as many shares ended since as there were projects.
    coalesce(call_totals.later_ends >= share_totals.projects, false) as is_ended
from call_totals
left join share_totals using (scope, backup_id)
left join newest_shares using (scope, backup_id)
