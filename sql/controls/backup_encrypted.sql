-- One row a recovery point: is all data in it encrypted?
-- id: backup-encrypted
-- title: Every disk of a recovery point is encrypted
-- severity: high
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: encryption
-- remedy: Encrypt the disk: new backups follow it. Points that exist can't be changed; they heal when they expire.
with points as (
    select * from intermediate.int_recovery_points
),

disks as (
    select * from staging.stg_children where is_leaf
),

demands as (
    select * from intermediate.int_requirements
),

counted as (
    select
        scope,
        snapshot_id,
        backup_id,
        count(*) as disks,
        count(*) filter (where not encrypted) as plain,
        count(*) filter (where encrypted is null) as unsaid,
        nullif(
            array_to_string(
                list_sort(array_agg(coalesce(resource_name, resource_id)) filter (where not encrypted)), ', '
            ),
            ''
        ) as plain_disks
    from disks
    group by scope, snapshot_id, backup_id
),

measured as (
    -- A server's own flag says nothing of its disks. What has no disks below it speaks for itself.
    select
        p.*,
        t.encryption,
        p.level in ('volume', 'turbo') and c.disks is null as is_leaf,
        coalesce(c.disks, 0) as disks,
        coalesce(c.plain, 0) as plain,
        coalesce(c.unsaid, 0) as unsaid,
        c.plain_disks
    from points as p
    inner join demands as t
        on p.scope = t.scope and p.snapshot_id = t.snapshot_id and p.resource_id = t.resource_id
    left join counted as c
        on p.scope = c.scope and p.snapshot_id = c.snapshot_id and p.backup_id = c.backup_id
),

judged as (
    select
        *,
        case
            when state = 'unknown' then 'status_not_known'
            when not is_usable then 'not_usable'
            when encryption <> 'required' then 'not_required'
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
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('not_usable', 'not_required') then 'not_applicable'
        when reason_code = 'encrypted' then 'pass'
        when reason_code in ('plain', 'plain_disk') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_usable' then 'Its status is ' || status || ', so it is no recovery point.'
        when 'not_required' then 'The tier does not ask for encryption.'
        when 'plain' then 'The backup is not encrypted.'
        when 'plain_disk' then cast(plain as varchar) || ' of ' || cast(disks as varchar) || ' disks are not encrypted: ' || plain_disks || '.'
        when 'children_not_loaded' then 'Its details were not read, or too long ago, so nothing is known of its disks.'
        when 'part_not_loaded' then cast(rejected_parts as varchar) || ' of its records could not be loaded, so nothing is known of them.'
        when 'no_children' then 'It names no disk, so nothing says that its data is encrypted.'
        when 'encryption_not_said' then 'The service does not say of every disk whether it is encrypted.'
        else 'All its data is encrypted.'
    end as reason,
    case when is_leaf and not encrypted then 1 else plain end as measured_value,
    'plain disks' as measured_unit,
    0 as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code in ('plain', 'plain_disk') then created_at end as failing_since,
    plain_disks, -- VARCHAR: Names of the disks that are not encrypted.
    case when reason_code in ('plain', 'plain_disk') then expired_at end as heals_at -- TIMESTAMP: When the point expires, and with it the finding.
from judged
