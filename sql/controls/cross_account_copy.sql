-- One row per resource: was a recent, dependable copy of it seen in another account?
-- id: cross-account-copy
-- title: Resource has a recent copy in another account
-- severity: medium
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: cross_account, offsite_rpo_hours
-- remedy: Replicate its backups into a vault of another account, and read that account as a scope
--   of its own, with a password: an access key does not name its account.
-- reasons:
--   verified: pass: A copy captured at {newest_copy_at} was seen in another account, in scope
--     {destination_scope}.
--   account_not_known: unknown: A copy was seen in scope {destination_scope}, but the account of
--     one of the two scopes is not on record.
--   not_seen: unknown: No dependable copy that is recent enough was seen in a scope of another
--     account; the limit is {offsite_rpo_hours} h.
--   not_required: not_applicable: The tier does not require a copy in another account.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: The disk is copied with its server.
with copies as (
    select
        copies.scope,
        copies.resource_id,
        copies.source_backup_id,
        copies.rp_time,
        copies.destination_scope,
        destinations.domain_id <> sources.domain_id as is_elsewhere
    from intermediate.int_copies as copies
    inner join staging.stg_snapshots as sources on copies.scope = sources.scope
    inner join staging.stg_snapshots as destinations
        on copies.destination_scope = destinations.scope
    inner join intermediate.int_requirements as requirements
        on copies.scope = requirements.scope and copies.resource_id = requirements.resource_id
    where copies.state = 'verified'
        and copies.rp_time
        >= requirements.as_of - requirements.offsite_rpo_hours * interval '1' hour
        and copies.rp_time
        <= requirements.as_of + requirements.clock_skew_seconds * interval '1' second
),

newest_copies as (
    -- A copy in another account before one of which that is not known.
    select *
    from copies
    where is_elsewhere or is_elsewhere is null
    qualify row_number() over (
        partition by scope, resource_id
        order by is_elsewhere desc nulls last, rp_time desc, source_backup_id, destination_scope
    ) = 1
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.cross_account <> 'required' then 'not_required'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when newest_copies.is_elsewhere then 'verified'
        when newest_copies.destination_scope is not null then 'account_not_known'
        else 'not_seen'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', newest_copies.rp_time),
            date_trunc('second', requirements.as_of)
        ) as double
    ) / 3600.0 as measured_value,
    'h' as measured_unit,
    requirements.offsite_rpo_hours as threshold_value,
    case when newest_copies.source_backup_id is not null then array[newest_copies.source_backup_id]
    end as evidence_backup_ids,
    requirements.offsite_rpo_hours,
    date_trunc('second', newest_copies.rp_time) as newest_copy_at,
    newest_copies.destination_scope
from intermediate.int_requirements as requirements
left join newest_copies using (scope, resource_id)
