-- One row a scope: are its records what the service says that they are?
-- id: source-record-valid
-- title: Records of the service make sense
-- severity: medium
-- version: 2
-- subject: scope
-- gate: yes
-- worse: higher
-- parameters: clock_skew_seconds
-- remedy: See compliance.data_quality_findings for each; report to the service what it stamps wrongly.
with snapshots as (
    select * from staging.stg_snapshots
),

findings as (
    select * from intermediate.int_record_findings
),

counted as (
    select
        scope,
        snapshot_id,
        count(*) as findings,
        nullif(array_to_string(list_sort(array_agg(distinct rule)), ', '), '') as rules,
        -- A refused value has an example only, which is no evidence.
        coalesce(
            list_sort(array_agg(distinct backup_id) filter (where rule <> 'value_refused' and backup_id is not null)),
            cast([] as varchar[])
        ) as backup_ids
    from findings
    group by scope, snapshot_id
)

select
    s.scope,
    s.snapshot_id,
    s.scope as subject_id,
    case when c.findings > 0 then 'fail' else 'pass' end as status,
    case when c.findings > 0 then 'records_doubtful' else 'all_valid' end as reason_code,
    case
        when c.findings > 0 then cast(c.findings as varchar) || ' findings about records: ' || c.rules || '.'
        else 'Every record makes sense.'
    end as reason,
    coalesce(c.findings, 0) as measured_value,
    'findings' as measured_unit,
    0 as threshold_value,
    coalesce(c.backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when c.findings > 0 then s.as_of end as failing_since
from snapshots as s
left join counted as c on s.scope = c.scope and s.snapshot_id = c.snapshot_id
