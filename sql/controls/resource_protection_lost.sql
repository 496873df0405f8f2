-- One row a resource: did it have a dependable recovery point, and has none any more?
-- id: resource-protection-lost
-- title: No resource loses its last recovery point
-- severity: critical
-- version: 2
-- subject: resource
-- waiver: two approvers
-- parameters: look_back_days
-- remedy: Find out who removed the resource from its vault, or its last backups; if the resource is gone on purpose, exclude it or waive this.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

candidates as (
    select
        d.*,
        d.as_of - d.look_back_days * interval '1' day as looked_back_to
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    where not d.only_replicas and coalesce(p.depth, 0) = 0
),

attempts as (
    -- Points that once could be relied on, gone or not. Where another project was read, absence says nothing.
    select *
    from intermediate.int_attempts
    where was_usable and coalesce(disappearance, '') <> 'vault_or_project_not_seen'
),

parts as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
    where status in ('available', 'restoring', 'waiting_restore')
),

had as (
    select
        c.scope,
        c.snapshot_id,
        c.resource_id,
        a.backup_id,
        coalesce(a.dependable_until, c.as_of) as lost_at
    from candidates as c
    inner join attempts as a
        on c.scope = a.scope and c.snapshot_id = a.snapshot_id and c.resource_id = a.resource_id
    where a.dependable_until is null or a.dependable_until >= c.looked_back_to
    union all
    select
        c.scope,
        c.snapshot_id,
        c.resource_id,
        cast(null as varchar) as backup_id,
        least(coalesce(a.dependable_until, p.valid_to), p.valid_to) as lost_at
    from candidates as c
    inner join parts as p on c.scope = p.scope and c.resource_id = p.disk_id
    inner join attempts as a
        on c.scope = a.scope and c.snapshot_id = a.snapshot_id and p.backup_id = a.backup_id
    where p.valid_to >= c.looked_back_to
),

lost as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        max(lost_at) as last_lost_at,
        coalesce(list_sort(array_agg(backup_id) filter (where backup_id is not null)), cast([] as varchar[]))
            as backup_ids
    from had
    group by scope, snapshot_id, resource_id
),

unread as (
    select * from intermediate.int_unread_parts
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        g.backup_ids,
        coalesce(g.last_lost_at, p.last_expiry) as since_at,
        coalesce(p.attempts, 0) as attempts,
        case
            when d.only_replicas then 'judged_at_source'
            when p.depth > 0 then 'has_points'
            when p.unreadable > 0 then 'expiry_not_readable'
            when u.unread_points > 0 then 'children_not_loaded'
            when g.points > 0 and d.lost_at is not null then 'vanished_from_backups'
            when g.points > 0 or p.last_expiry is not null then 'none_dependable_left'
            else 'never_had_one'
        end as reason_code
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join lost as g
        on d.scope = g.scope and d.snapshot_id = g.snapshot_id and d.resource_id = g.resource_id
    left join unread as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'never_had_one') then 'not_applicable'
        when reason_code = 'has_points' then 'pass'
        when reason_code in ('vanished_from_backups', 'none_dependable_left') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'never_had_one' then 'No snapshot has a dependable point of it: see resource-recent-recovery-point.'
        when 'has_points' then 'It has dependable points.'
        when 'expiry_not_readable' then 'It is not known whether its backups have expired: the date can not be read.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'vanished_from_backups' then 'Its backups are gone; the last could be relied on until ' || cast(date_trunc('second', since_at) as varchar) || '. Whether it still exists is not in the data.'
        else 'It had dependable points and has none any more; ' || cast(attempts as varchar) || ' backups of it are listed.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    coalesce(backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code in ('vanished_from_backups', 'none_dependable_left') then since_at end as failing_since
from judged
