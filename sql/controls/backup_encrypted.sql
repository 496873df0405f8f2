-- One row per recovery point: is all of its data encrypted?
-- id: backup-encrypted
-- title: Every disk of a recovery point is encrypted
-- severity: high
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: encryption
-- remedy: Encrypt the disk, so that new backups are encrypted. Existing points cannot be changed;
--   the failure ends when they expire.
-- reasons:
--   encrypted: pass: All its data is encrypted.
--   plain: fail: It is not encrypted.
--   plain_disk: fail: {plain} of {disks} disks are not encrypted: {plain_disks}.
--   encryption_not_said: unknown: The service does not report for every disk whether it is
--     encrypted.
--   children_not_loaded: unknown: Its details are unread or too old, so the state of its disks is
--     unknown.
--   part_not_loaded: unknown: {rejected_parts} of its records were rejected, so its content is not
--     fully known.
--   no_children: unknown: It lists no disks, so nothing shows that its data is encrypted.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   not_required: not_applicable: The tier does not require encryption.
--   not_usable: not_applicable: Its status is {backup_status}, so it is not a usable recovery
--     point.
with disks as (
    select scope, backup_id, encrypted, coalesce(resource_name, resource_id) as disk_name
    from staging.stg_children
    where is_leaf
),

disk_counts as (
    select
        scope,
        backup_id,
        count(*) as disks,
        count(*) filter (where not encrypted) as plain,
        count(*) filter (where encrypted is null) as unsaid,
        nullif(
            array_to_string(list_sort(array_agg(disk_name) filter (where not encrypted)), ', '), ''
        ) as plain_disks
    from disks
    group by scope, backup_id
),

encryption as (
    -- The flag of a server does not cover its disks; without disks, its own flag counts.
    select
        points.*,
        requirements.encryption as required_encryption,
        points.level in ('volume', 'turbo') and disk_counts.disks is null as is_leaf,
        coalesce(disk_counts.disks, 0) as disks,
        coalesce(disk_counts.plain, 0) as plain,
        coalesce(disk_counts.unsaid, 0) as unsaid,
        disk_counts.plain_disks
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    left join disk_counts using (scope, backup_id)
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when state = 'unknown' then 'status_not_known'
        when not is_usable then 'not_usable'
        when required_encryption <> 'required' then 'not_required'
        when is_leaf and not encrypted then 'plain'
        when is_leaf and rejected_parts > 0 then 'part_not_loaded'
        when is_leaf and encrypted then 'encrypted'
        when is_leaf then 'encryption_not_said'
        when plain > 0 then 'plain_disk'
        when not detail_loaded then 'children_not_loaded'
        when rejected_parts > 0 then 'part_not_loaded'
        when disks = 0 then 'no_children'
        when unsaid > 0 then 'encryption_not_said'
        else 'encrypted'
    end as reason_code,
    case when is_leaf and not encrypted then 1 else plain end as measured_value,
    'plain disks' as measured_unit,
    0 as threshold_value,
    created_at as failing_since,
    plain_disks, -- VARCHAR: Names of the disks that are not encrypted.
    expired_at as heals_at, -- TIMESTAMP: Expiry of the point, which ends a failure.
    status as backup_status,
    disks,
    plain,
    rejected_parts
from encryption
