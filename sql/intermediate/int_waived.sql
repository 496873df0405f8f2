-- One row a failure that a waiver is about: the waiver, and whether it holds.
with findings as (
    select * from controls.waivable where status = 'fail'
),

controls as (
    select * from compliance.controls
),

subjects as (
    select * from intermediate.int_subjects
),

snapshots as (
    select * from staging.stg_snapshots
),

waivers as (
    select * from policy.waivers
),

about as (
    -- Failures of controls that have a waiver at all: nearly all have none.
    select distinct scope, snapshot_id, control_id from waivers
),

found as (
    select
        f.control_id,
        c.worse,
        c.needs_two_approvers,
        f.scope,
        f.snapshot_id,
        n.as_of,
        f.subject_id,
        s.resource_id,
        s.vault_id,
        s.enterprise_project_id,
        s.project_id,
        f.measured_value,
        coalesce(
            f.evidence_backup_ids,
            case when c.subject_kind in ('recovery_point', 'lost_point', 'known_point') then array[f.subject_id] else cast([] as varchar[]) end
        ) as evidence_backup_ids
    from findings as f
    inner join about as a on f.scope = a.scope and f.snapshot_id = a.snapshot_id and f.control_id = a.control_id
    inner join controls as c on f.control_id = c.control_id
    inner join subjects as s
        on f.scope = s.scope
        and f.snapshot_id = s.snapshot_id
        and f.subject_id = s.subject_id
        and c.subject_kind = s.subject_kind
    inner join snapshots as n on f.scope = n.scope and f.snapshot_id = n.snapshot_id
),

matched as (
    select
        f.control_id,
        f.scope,
        f.snapshot_id,
        f.subject_id,
        f.measured_value,
        w.waiver_id,
        w.expires_at,
        w.max_measured_value,
        case
            when f.as_of >= w.expires_at then 'waiver_expired'
            when w.max_measured_value is not null and f.measured_value is null then 'waiver_exceeded'
            when f.worse = 'higher' and f.measured_value > w.max_measured_value then 'waiver_exceeded'
            when f.worse = 'lower' and f.measured_value < w.max_measured_value then 'waiver_exceeded'
            when f.needs_two_approvers
                and coalesce(list_sort(f.evidence_backup_ids) <> list_sort(w.backup_ids), true)
                then 'waiver_exceeded'
            else 'waived'
        end as waiver_state
    from found as f
    inner join waivers as w
        on f.scope = w.scope and f.snapshot_id = w.snapshot_id and f.control_id = w.control_id
    where f.as_of >= w.created_at
        and w.value = case w.selector
            when 'resource_id' then f.resource_id
            when 'backup_id' then f.subject_id
            when 'vault_id' then f.vault_id
            when 'enterprise_project_id' then f.enterprise_project_id
            when 'project_id' then f.project_id
        end
)

select
    control_id, -- VARCHAR: Id of the control.
    scope,
    snapshot_id,
    subject_id, -- VARCHAR: Id of the resource, backup, vault, scope or waiver.
    waiver_id,
    expires_at as waiver_expires_at, -- TIMESTAMP: When the waiver ends.
    max_measured_value,
    measured_value,
    waiver_state, -- VARCHAR: waived, waiver_exceeded (worse than it allows, or other backups) or waiver_expired.
    row_number() over (
        partition by control_id, scope, snapshot_id, subject_id
        order by case waiver_state when 'waived' then 1 when 'waiver_exceeded' then 2 else 3 end, expires_at desc, waiver_id
    ) as place -- BIGINT: 1 for the waiver that decides.
from matched
