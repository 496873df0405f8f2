-- One row a resource: did it have a dependable recovery point, and has none any more?
-- id: resource-protection-lost
-- title: No resource loses its last recovery point
-- severity: critical
-- version: 1
-- subject: resource
-- waiver: two approvers
-- parameters: look_back_days
-- remedy: Find out who removed the resource from its vault, or its last backups; if the resource is gone on purpose, exclude it or waive this.
with demands as (
    select * from intermediate.int_demands
),

standing as (
    select * from intermediate.int_standing
),

lost as (
    select l.*, d.snapshot_id
    from history.backup_lifecycle as l
    inner join demands as d on l.scope = d.scope and l.resource_id = d.resource_id
    where l.was_usable
        and not l.is_replica
        and l.disappearance <> 'vault_or_project_not_seen'
        and l.gone_at >= d.as_of - d.look_back_days * interval '1' day
),

gone as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        max(gone_at) as last_gone_at,
        coalesce(list_sort(array_agg(backup_id)), cast([] as varchar[])) as backup_ids
    from lost
    group by scope, snapshot_id, resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        g.backup_ids,
        coalesce(d.lost_at, g.last_gone_at, p.last_expiry) as since_at,
        coalesce(p.attempts, 0) as attempts,
        case
            when d.only_replicas then 'judged_at_source'
            when d.lost_at is not null then 'vanished_from_backups'
            when p.depth > 0 then 'has_points'
            when p.unreadable > 0 then 'expiry_not_readable'
            when g.points > 0 or p.last_expiry is not null then 'none_dependable_left'
            else 'never_had_one'
        end as reason_code
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join gone as g
        on d.scope = g.scope and d.snapshot_id = g.snapshot_id and d.resource_id = g.resource_id
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
        when 'vanished_from_backups' then 'Its last backup is gone since ' || cast(date_trunc('second', since_at) as varchar) || '; whether it still exists is not in the data.'
        else 'It had dependable points and has none any more; ' || cast(attempts as varchar) || ' backups of it are listed.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    coalesce(backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code in ('vanished_from_backups', 'none_dependable_left') then since_at end as failing_since
from judged
