-- One row per resource: does it still exist, or do only old backups of it remain?
-- id: orphaned-backup
-- title: No old backups remain of a resource that no longer exists
-- severity: low
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: orphan_days
-- remedy: Keep the newest backup as long as the records must be kept, and delete the others. See
--   compliance.orphaned_backups for the list.
-- reasons:
--   exists: pass: The service lists it.
--   no_old_points: pass: The service does not list it any more, and no backup of it is older than
--     {orphan_days} days.
--   orphaned: fail: The service does not list it any more; {old_points} dependable backups of it
--     are older than {orphan_days} days.
--   input_stale: unknown: The list of resources was last read at {last_read_at}.
--   inventory_incomplete: not_applicable: The list of resources lacks it, but is not proven
--     complete.
--   not_confirmed: not_applicable: The list of resources lacks it; a second complete list has to
--     confirm that it is gone.
--   type_not_listed: not_applicable: The service does not list resources of its type.
--   input_missing: not_applicable: The list of resources is not read. See meta.inputs for the
--     permission to ask for.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: The disk has no backups but those of its server.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
with listings as (
    select scope, id as resource_id, last_seen from history.protectables
    union all
    select scope, id as resource_id, last_seen from history.protectable_disks
),

last_listings as (
    select scope, resource_id, max(last_seen) as last_listed_at
    from listings
    group by scope, resource_id
),

complete_lists as (
    select
        scope,
        as_of,
        row_number() over (partition by scope order by as_of desc) as place
    from history.input_readings
    where input = 'protectables' and status = 'granted' and complete
),

previous_lists as (
    select scope, as_of as previous_list_at from complete_lists where place = 2
),

old_points as (
    select
        scope,
        resource_id,
        count(*) as points,
        min(points.rp_time) as first_rp_time,
        coalesce(list_sort(array_agg(backup_id)), cast([] as varchar[])) as backup_ids
    from intermediate.int_resource_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    inner join policy.settings as settings using (scope)
    where points.is_dependable
        and not points.is_replica
        and points.server_id is null
        and points.rp_time < requirements.as_of - settings.orphan_days * interval '1' day
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when inputs.state = 'missing' then 'input_missing'
        when requirements.only_replicas then 'judged_at_source'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when requirements.lost_at is not null then 'lost'
        when requirements.subject_type not in ('server', 'volume', 'turbo') then 'type_not_listed'
        when inputs.state = 'stale' then 'input_stale'
        when last_listings.last_listed_at >= inputs.last_read_at then 'exists'
        when inputs.state = 'incomplete' then 'inventory_incomplete'
        when previous_lists.previous_list_at is null then 'not_confirmed'
        when last_listings.last_listed_at >= previous_lists.previous_list_at then 'not_confirmed'
        when old_points.points > 0 then 'orphaned'
        else 'no_old_points'
    end as reason_code,
    coalesce(old_points.points, 0) as measured_value,
    'backups' as measured_unit,
    0 as threshold_value,
    old_points.backup_ids as evidence_backup_ids,
    old_points.first_rp_time + settings.orphan_days * interval '1' day as failing_since,
    coalesce(old_points.points, 0) as old_points,
    settings.orphan_days,
    -- TIMESTAMP: Last snapshot in which the service listed it. Null if none did.
    last_listings.last_listed_at,
    date_trunc('second', inputs.last_read_at) as last_read_at
from intermediate.int_requirements as requirements
inner join staging.stg_inputs as inputs using (scope)
inner join policy.settings as settings using (scope)
left join last_listings using (scope, resource_id)
left join previous_lists using (scope)
left join old_points using (scope, resource_id)
where inputs.input = 'protectables'
