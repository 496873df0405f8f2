-- One row per scope: are the records of the service plausible?
-- id: source-record-valid
-- title: Records of the service are plausible
-- severity: medium
-- version: 2
-- subject: scope
-- gate: yes
-- worse: higher
-- parameters: clock_skew_seconds
-- remedy: See compliance.data_quality_findings for each record, and report wrong values to the
--   service.
-- reasons:
--   all_valid: pass: All records are plausible.
--   records_doubtful: fail: {findings} findings about records: {rules}.
with finding_totals as (
    select
        scope,
        count(*) as findings,
        nullif(array_to_string(list_sort(array_agg(distinct rule)), ', '), '') as rules,
        -- A refused value has only an example, which is no evidence.
        coalesce(
            list_sort(
                array_agg(distinct backup_id)
                    filter (where rule <> 'value_refused' and backup_id is not null)
            ),
            cast([] as varchar[])
        ) as backup_ids
    from intermediate.int_record_findings
    group by scope
)

select
    scope,
    snapshots.snapshot_id,
    scope as subject_id,
    case when finding_totals.findings > 0 then 'records_doubtful' else 'all_valid' end
        as reason_code,
    coalesce(finding_totals.findings, 0) as measured_value,
    'findings' as measured_unit,
    0 as threshold_value,
    finding_totals.backup_ids as evidence_backup_ids,
    snapshots.as_of as failing_since,
    finding_totals.findings,
    finding_totals.rules
from staging.stg_snapshots as snapshots
left join finding_totals using (scope)
