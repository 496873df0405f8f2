-- One row per resource: did it lose all its dependable recovery points?
-- id: resource-protection-lost
-- title: No resource loses its last recovery point
-- severity: critical
-- version: 2
-- subject: resource
-- waiver: two approvers
-- parameters: look_back_days
-- remedy: Find out who removed the resource from its vault or deleted its last backups. If the
--   resource was decommissioned, exclude it or waive this failure.
-- reasons:
--   has_points: pass: It has dependable points.
--   vanished_from_backups: fail: All its backups have disappeared; the last one was dependable
--     until {lost_since}{deletion_note}. Whether the resource still exists is not in the data.
--   none_dependable_left: fail: It had dependable points and has none now{deletion_note};
--     {attempts} of its backups are listed.
--   expiry_not_readable: unknown: The expiry date of its backups cannot be read, so they may have
--     expired.
--   children_not_loaded: unknown: The details of some of its server's backups are unread, and it
--     may be in them.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   never_had_one: not_applicable: No snapshot has a dependable point of it: see
--     resource-recent-recovery-point.
with unprotected_resources as (
    select
        requirements.*,
        requirements.as_of - requirements.look_back_days * interval '1' day as looked_back_to
    from intermediate.int_requirements as requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    where not requirements.only_replicas and coalesce(summaries.depth, 0) = 0
),

former_points as (
    -- Points that once were dependable, whether they still exist or not. If another project was
    -- read, their absence proves nothing. Who deleted what had expired took no protection away.
    select
        attempts.*,
        deletions.deleted_by,
        deletions.deleted_from_ip,
        deletions.deleted_at
    from intermediate.int_attempts as attempts
    left join intermediate.int_deletions as deletions
        on attempts.scope = deletions.scope
        and attempts.backup_id = deletions.backup_id
        and attempts.gone_at = deletions.gone_at
        and coalesce(attempts.dependable_until < attempts.expired_at, true)
    where attempts.was_usable
        and coalesce(attempts.disappearance, '') <> 'vault_or_project_not_seen'
),

former_disks as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
    where status in ('available', 'restoring', 'waiting_restore')
),

losses as (
    select
        scope,
        resource_id,
        former_points.backup_id,
        coalesce(former_points.dependable_until, resources.as_of) as lost_at,
        former_points.deleted_by,
        former_points.deleted_from_ip,
        former_points.deleted_at
    from unprotected_resources as resources
    inner join former_points using (scope, resource_id)
    where former_points.dependable_until is null
        or former_points.dependable_until >= resources.looked_back_to
    union all
    select
        resources.scope,
        resources.resource_id,
        cast(null as varchar) as backup_id,
        least(
            coalesce(former_points.dependable_until, disks.valid_to), disks.valid_to
        ) as lost_at,
        former_points.deleted_by,
        former_points.deleted_from_ip,
        former_points.deleted_at
    from unprotected_resources as resources
    inner join former_disks as disks
        on resources.scope = disks.scope and resources.resource_id = disks.disk_id
    inner join former_points
        on disks.scope = former_points.scope and disks.backup_id = former_points.backup_id
    where disks.valid_to >= resources.looked_back_to
),

loss_totals as (
    select
        scope,
        resource_id,
        count(*) as points,
        max(lost_at) as last_lost_at,
        coalesce(
            list_sort(array_agg(backup_id) filter (where backup_id is not null)),
            cast([] as varchar[])
        ) as backup_ids
    from losses
    group by scope, resource_id
),

last_deletions as (
    -- Of the points that went last.
    select
        scope,
        resource_id,
        nullif(
            array_to_string(list_sort(array_agg(distinct losses.deleted_by)), ', '), ''
        ) as deleted_by,
        nullif(
            array_to_string(list_sort(array_agg(distinct losses.deleted_from_ip)), ', '), ''
        ) as deleted_from_ip,
        max(losses.deleted_at) as deleted_at
    from losses
    inner join loss_totals using (scope, resource_id)
    where losses.lost_at = loss_totals.last_lost_at
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when summaries.depth > 0 then 'has_points'
        when summaries.unreadable > 0 then 'expiry_not_readable'
        when unread_parts.unread_points > 0 then 'children_not_loaded'
        when loss_totals.points > 0 and requirements.lost_at is not null
            then 'vanished_from_backups'
        when loss_totals.points > 0 or summaries.last_expiry is not null
            then 'none_dependable_left'
        else 'never_had_one'
    end as reason_code,
    loss_totals.backup_ids as evidence_backup_ids,
    coalesce(loss_totals.last_lost_at, summaries.last_expiry) as failing_since,
    date_trunc('second', coalesce(loss_totals.last_lost_at, summaries.last_expiry)) as lost_since,
    coalesce(summaries.attempts, 0) as attempts,
    -- VARCHAR: Who deleted the points that went last, according to the audit trail. Null if it
    -- names nobody.
    last_deletions.deleted_by,
    last_deletions.deleted_from_ip, -- VARCHAR: Addresses that the calls came from.
    last_deletions.deleted_at, -- TIMESTAMP: When the last of the calls was made.
    coalesce(
        ' (deleted by '
        || last_deletions.deleted_by
        || coalesce(' from ' || last_deletions.deleted_from_ip, '')
        || ')',
        ''
    ) as deletion_note
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
left join loss_totals using (scope, resource_id)
left join last_deletions using (scope, resource_id)
