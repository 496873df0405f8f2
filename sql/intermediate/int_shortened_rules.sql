-- One row per resource for which less is kept, or perhaps less, since a change of the policy of a
-- vault that it is backed up to: the first such change within the deletion window.
with resource_vaults as (
    select scope, resource_id, vault_id, max(coalesce(gone_at, as_of)) as last_at
    from intermediate.int_attempts
    where is_auto
    group by scope, resource_id, vault_id
    union all
    select associations.scope, resource_id, vault_id, snapshots.as_of as last_at
    from staging.stg_associations as associations
    inner join staging.stg_snapshots as snapshots on associations.scope = snapshots.scope
),

changes as (
    select distinct
        rules.scope,
        resource_vaults.resource_id,
        rules.policy_id,
        rules.policy_name,
        rules.seen_before,
        rules.changed_at,
        rules.old_rule,
        rules.new_rule,
        coalesce(rules.is_shortened, false) as is_certain,
        settings.clock_skew_seconds
    from intermediate.int_rule_changes as rules
    inner join staging.stg_snapshots as snapshots on rules.scope = snapshots.scope
    inner join policy.settings as settings on rules.scope = settings.scope
    inner join resource_vaults
        on rules.scope = resource_vaults.scope
        and rules.vault_id = resource_vaults.vault_id
        and rules.changed_at <= resource_vaults.last_at
    where coalesce(rules.is_shortened, true)
        and rules.changed_at >= snapshots.as_of - settings.deletion_window_days * interval '1' day
),

first_changes as (
    select
        *,
        row_number() over (
            partition by scope, resource_id order by is_certain desc, changed_at, policy_name
        ) as place
    from changes
),

actors as (
    -- Who called, of all that changed the policy between its two versions.
    select
        changes.scope,
        changes.resource_id,
        nullif(
            array_to_string(
                list_sort(array_agg(distinct coalesce(calls.user_name, calls.user_id))), ', '
            ),
            ''
        ) as changed_by,
        nullif(
            array_to_string(list_sort(array_agg(distinct calls.source_ip)), ', '), ''
        ) as changed_from_ip,
        max(calls.changed_at) as called_at
    from first_changes as changes
    inner join intermediate.int_calls as calls
        on changes.scope = calls.scope
        and changes.policy_id = calls.object_id
        and calls.changed_at
        >= changes.seen_before - changes.clock_skew_seconds * interval '1' second
        and calls.changed_at
        <= changes.changed_at + changes.clock_skew_seconds * interval '1' second
    where changes.place = 1
        and calls.object_kind = 'policy'
        and calls.effect = 'changes_retention'
    group by changes.scope, changes.resource_id
)

select
    scope,
    resource_id, -- VARCHAR: ID of the resource.
    changes.policy_name, -- VARCHAR: Name of the policy, or its ID if it has none.
    changes.seen_before, -- TIMESTAMP: Last snapshot with the rule before the change.
    changes.changed_at, -- TIMESTAMP: First snapshot with the rule after the change.
    changes.old_rule, -- VARCHAR: What was kept.
    changes.new_rule, -- VARCHAR: What is kept since.
    -- BOOLEAN: Whether less is kept for certain. False if the times of the runs are not known.
    changes.is_certain,
    actors.changed_by, -- VARCHAR: Who called, by name or else ID. Several, if more than one did.
    actors.changed_from_ip, -- VARCHAR: Addresses that the calls came from.
    actors.called_at -- TIMESTAMP: When the last of the calls was made.
from first_changes as changes
left join actors using (scope, resource_id)
where changes.place = 1
