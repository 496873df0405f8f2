-- One row per resource that is listed, and one per scope whose list of resources can not
-- prove that there are no others. Is the resource backed up?
-- id: resource-protected
-- title: Every resource that exists is backed up
-- severity: critical
-- version: 1
-- subject: inventory
-- worse: lower
-- parameters: new_resource_hours
-- remedy: Associate the resource with a vault that has an enabled backup policy, or exclude it in
--   the policy file. Where a disk is left out, change the association of its server.
-- reasons:
--   protected: pass: It has {points} dependable points{association_note}.
--   associated_no_backup: fail: It is associated with vault {vault_id}, but has no dependable
--     point.
--   backed_up_not_associated: fail: It has {points} dependable points, but no vault backs it up any
--     more.
--   unprotected: fail: It has no dependable point{association_note}.
--   points_not_known: unknown: Backups that may contain it have unread details or an unreadable
--     expiry.
--   association_not_known: unknown: It has {points} dependable points, but the list of vaults is
--     not complete and up to date.
--   input_stale: unknown: The list of resources was last read at {last_read_at}.
--   inventory_incomplete: unknown: The list of resources is not proven complete, so there may be
--     others.
--   grace: not_applicable: It was created at {created_at}; resources younger than
--     {new_resource_hours} h need no backup yet.
--   input_missing: not_applicable: The list of resources is not read. See meta.inputs for the
--     permission to ask for.
with subjects as (
    select
        scope,
        snapshot_id,
        as_of,
        state,
        resource_id as subject_id,
        resource_id,
        server_id,
        vault_id,
        created_at,
        first_seen
    from intermediate.int_inventory
    union all
    select
        scope,
        snapshot_id,
        as_of,
        state,
        scope as subject_id,
        cast(null as varchar) as resource_id,
        cast(null as varchar) as server_id,
        cast(null as varchar) as vault_id,
        cast(null as timestamp) as created_at,
        last_read_at as first_seen
    from intermediate.int_input_states
    where input = 'inventory' and state <> 'ready'
),

vault_states as (
    select scope, state as vault_state from staging.stg_inputs where input = 'vaults'
),

resources as (
    select
        subjects.*,
        settings.new_resource_hours,
        vault_states.vault_state,
        subjects.created_at + settings.new_resource_hours * interval '1' hour as due_at,
        coalesce(summaries.depth, 0) as points,
        -- Points that may be its own, or may contain it.
        coalesce(summaries.unreadable, 0)
        + coalesce(summaries.unread_points, 0)
        + coalesce(servers.unreadable, 0)
        + coalesce(servers.unread_points, 0) as doubtful_points,
        summaries.newest_backup_id
    from subjects
    inner join policy.settings as settings using (scope)
    inner join vault_states using (scope)
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join intermediate.int_resource_summary as servers
        on subjects.scope = servers.scope and subjects.server_id = servers.resource_id
)

select
    scope,
    resources.snapshot_id,
    subject_id,
    case
        when resources.state = 'missing' then 'input_missing'
        when resources.state = 'stale' then 'input_stale'
        when resources.resource_id is null then 'inventory_incomplete'
        when due_at > resources.as_of then 'grace'
        when points > 0 and vault_state = 'missing' then 'protected'
        when points > 0 and vault_id is not null and vault_state <> 'stale' then 'protected'
        when points > 0 and vault_state = 'ready' then 'backed_up_not_associated'
        when points > 0 then 'association_not_known'
        when doubtful_points > 0 then 'points_not_known'
        when vault_id is not null and vault_state <> 'missing' then 'associated_no_backup'
        else 'unprotected'
    end as reason_code,
    case when resources.resource_id is not null then points end as measured_value,
    'points' as measured_unit,
    1 as threshold_value,
    case when newest_backup_id is not null then array[newest_backup_id] end as evidence_backup_ids,
    -- Without any backup on record it fails since it needs one.
    case when newest_backup_id is null then coalesce(due_at, first_seen) end as failing_since,
    points,
    vault_id,
    case
        when vault_state = 'missing' then '; the list of vaults is not read'
        when vault_id is not null then ' and is associated with vault ' || vault_id
        when vault_state = 'ready' then ', and no vault backs it up'
        else ''
    end as association_note,
    date_trunc('second', resources.created_at) as created_at,
    new_resource_hours,
    date_trunc('second', inputs.last_read_at) as last_read_at
from resources
inner join intermediate.int_input_states as inputs using (scope)
where inputs.input = 'inventory'
