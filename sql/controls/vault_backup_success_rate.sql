-- One row a vault: what share of the backups into it ended well?
-- id: vault-backup-success-rate
-- title: Nearly all backups into a vault end well
-- severity: medium
-- version: 2
-- subject: vault
-- worse: lower
-- parameters: min_success_percent, min_attempts, gap_window_days
-- remedy: See compliance.backup_outcomes_daily for the days on which they fail; a full or locked vault fails them all.
with vaults as (
    select * from intermediate.int_vaults
),

attempts as (
    select * from intermediate.int_attempts where is_in_window
),

settings as (
    select * from policy.settings
),

tiers as (
    -- A vault holds resources of several tiers: the default one's demand counts.
    select scope, snapshot_id, min_success_percent from policy.tiers where policy_rule_id = 'default'
),

counted as (
    select
        scope,
        snapshot_id,
        vault_id,
        count(*) filter (where outcome in ('succeeded', 'failed')) as finished,
        count(*) filter (where outcome = 'succeeded') as succeeded,
        count(*) filter (where outcome = 'unknown') as unsaid,
        min(created_at) filter (where outcome = 'failed') as first_failure_at,
        coalesce(list_sort(array_agg(backup_id) filter (where outcome = 'failed')), cast([] as varchar[])) as failed_ids
    from attempts
    group by scope, snapshot_id, vault_id
),

judged as (
    select
        v.scope,
        v.snapshot_id,
        v.vault_id,
        t.min_success_percent,
        s.min_attempts,
        c.first_failure_at,
        c.failed_ids,
        coalesce(c.finished, 0) as finished,
        coalesce(c.succeeded, 0) as succeeded,
        100.0 * (cast(c.succeeded as double) / nullif(c.finished, 0)) as percent,
        case
            when c.vault_id is null then 'nothing_begun'
            when c.finished < s.min_attempts then 'too_few'
            when c.succeeded * 100 >= t.min_success_percent * (c.finished + c.unsaid) then 'good'
            when c.succeeded * 100 >= t.min_success_percent * c.finished then 'status_not_known'
            else 'low'
        end as reason_code
    from vaults as v
    inner join settings as s on v.scope = s.scope and v.snapshot_id = s.snapshot_id
    inner join tiers as t on v.scope = t.scope and v.snapshot_id = t.snapshot_id
    left join counted as c on v.scope = c.scope and v.snapshot_id = c.snapshot_id and v.vault_id = c.vault_id
)

select
    scope,
    snapshot_id,
    vault_id as subject_id,
    case
        when reason_code = 'nothing_begun' then 'not_applicable'
        when reason_code = 'good' then 'pass'
        when reason_code = 'low' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'nothing_begun' then 'No backup into it was begun in the window: it holds copies, or what is old.'
        when 'too_few' then 'Only ' || cast(finished as varchar) || ' finished backups are seen; ' || cast(min_attempts as varchar) || ' are needed to tell.'
        when 'status_not_known' then 'Some backups have a status that is not documented; if they failed, too few ended well.'
        else cast(succeeded as varchar) || ' of ' || cast(finished as varchar) || ' finished backups that were seen ended well; ' || cast(min_success_percent as varchar) || ' % are asked for.'
    end as reason,
    percent as measured_value,
    '%' as measured_unit,
    min_success_percent as threshold_value,
    coalesce(failed_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code = 'low' then first_failure_at end as failing_since
from judged
