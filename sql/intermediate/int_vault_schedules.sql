-- One row per vault of the service that backup policies are applied to: how many there are, and the
-- longest time between the runs of all that are enabled.
with vault_policies as (
    select links.scope, links.vault_id, policies.id as policy_id, policies.name, policies.enabled
    from cbr.policy_vaults as links
    inner join cbr.policies as policies
        on links.scope = policies.scope and links.policy_id = policies.id
    where policies.operation_type = 'backup'
),

runs as (
    select distinct scope, vault_policies.vault_id, policy_runs.run_at
    from vault_policies
    inner join cbr.policy_runs as policy_runs using (scope, policy_id)
),

ends as (
    select
        scope,
        as_of as starts_at,
        as_of + settings.schedule_days * interval '1' day as ends_at
    from staging.stg_snapshots
    inner join policy.settings as settings using (scope)
),

waits as (
    -- Before the first run and after the last one no less time passes than is seen of it.
    select
        scope,
        runs.vault_id,
        lag(runs.run_at) over (partition by scope, runs.vault_id order by runs.run_at)
            as run_before,
        ends.starts_at as wait_from,
        runs.run_at as wait_to
    from runs
    inner join ends using (scope)
    union all
    select
        scope,
        runs.vault_id,
        cast(null as timestamp) as run_before,
        max(runs.run_at) as wait_from,
        ends.ends_at as wait_to
    from runs
    inner join ends using (scope)
    group by scope, runs.vault_id, ends.ends_at
),

hours as (
    select
        scope,
        vault_id,
        run_before is not null as is_between_runs,
        cast(
            date_diff(
                'second',
                date_trunc('second', coalesce(run_before, wait_from)),
                date_trunc('second', wait_to)
            ) as double
        ) / 3600.0 as hours
    from waits
),

intervals as (
    select
        scope,
        vault_id,
        count(*) - 1 as runs,
        max(hours) as longest_wait_hours,
        max(hours) filter (where is_between_runs) as longest_interval_hours
    from hours
    group by scope, vault_id
),

unread as (
    select scope, policy_id, min(problem) as problem
    from cbr.policy_patterns
    where problem is not null
    group by scope, policy_id
),

totals as (
    select
        scope,
        vault_policies.vault_id,
        coalesce(
            array_to_string(
                list_sort(array_agg(coalesce(vault_policies.name, policy_id))), ', '
            ),
            ''
        ) as policy_names,
        count(*) as policies,
        count(*) filter (where vault_policies.enabled) as enabled_policies,
        count(*) filter (where vault_policies.enabled is null) as undecided_policies,
        min(unread.problem) as pattern_problem
    from vault_policies
    left join unread using (scope, policy_id)
    group by scope, vault_policies.vault_id
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    settings.snapshot_id,
    vault_id, -- VARCHAR: ID of the vault.
    totals.policy_names, -- VARCHAR: Names of the backup policies that are applied to it.
    totals.policies, -- BIGINT: Number of backup policies that are applied to it.
    totals.enabled_policies, -- BIGINT: Number of these that are enabled.
    -- BIGINT: Number of these of which the service does not say whether they are enabled.
    totals.undecided_policies,
    -- VARCHAR: Why the runs of an enabled policy can't be computed. Null if all can.
    totals.pattern_problem,
    coalesce(intervals.runs, 0) as runs, -- BIGINT: Number of runs in the days ahead.
    -- DOUBLE: Longest time between two runs in the days ahead. Null if there are not two. Unit: h.
    intervals.longest_interval_hours,
    -- DOUBLE: Longest time without a run in the days ahead, before the first one too. Unit: h.
    coalesce(intervals.longest_wait_hours, settings.schedule_days * 24.0) as longest_wait_hours
from totals
inner join policy.settings as settings using (scope)
left join intervals using (scope, vault_id)
