-- One row per disappearance of a backup that the audit trail names somebody for. Without a row,
-- nothing follows: somebody may have deleted it all the same.
with calls as (
    -- A call on the backup itself says more than one on its vault, which is no news of a backup
    -- that was due to go.
    select
        removed.scope,
        removed.backup_id,
        removed.gone_at,
        calls.trace_name,
        calls.changed_at,
        calls.source_ip,
        coalesce(calls.user_name, calls.user_id) as user_name,
        removed.is_own,
        bool_or(removed.is_own) over (
            partition by removed.scope, removed.backup_id, removed.gone_at
        ) as has_own
    from intermediate.int_calls_on_points as removed
    inner join intermediate.int_calls as calls using (scope, trace_id)
    inner join history.disappearances as gone
        on removed.scope = gone.scope
        and removed.backup_id = gone.id
        and removed.gone_at = gone.gone_at
    where removed.is_own or gone.verdict <> 'ok'
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    -- VARCHAR: Who called, by name or else ID. Several, if more than one did.
    nullif(array_to_string(list_sort(array_agg(distinct user_name)), ', '), '') as deleted_by,
    -- VARCHAR: Addresses that the calls came from.
    nullif(array_to_string(list_sort(array_agg(distinct source_ip)), ', '), '') as deleted_from_ip,
    max(changed_at) as deleted_at, -- TIMESTAMP: When the last of the calls was made.
    -- VARCHAR: Names of the calls. One on a vault may have removed other backups only.
    nullif(array_to_string(list_sort(array_agg(distinct trace_name)), ', '), '') as deletion_call
from calls
where is_own or not has_own
group by scope, backup_id, gone_at
