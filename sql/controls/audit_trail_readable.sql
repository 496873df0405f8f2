-- One row per scope: can the audit trail tell who changed what?
-- id: audit-trail-readable
-- title: The audit trail is read without gaps
-- severity: medium
-- version: 1
-- subject: scope
-- worse: higher
-- parameters: deletion_window_days
-- remedy: Grant the permission that meta.inputs names, and read at least every six days, because
--   the service keeps the audit trail for seven.
-- reasons:
--   readable: pass: The audit trail was read without a gap, last at {last_read_at}.
--   not_granted: fail: The service refused it; the permission {permission} is needed.
--   events_lost: fail: What happened from {gap_from} to {gap_to} was not read in time.
--   log_incomplete: unknown: The last reading is not proven complete.
--   input_stale: unknown: It could not be read lately. It was last read at {last_read_at}.
--   input_missing: not_applicable: No run has tried to read the audit trail.
with last_gaps as (
    -- Clocks differ by more than the fraction of a second that weekly runs leave between them.
    select scope, gap_from, gap_to
    from meta.input_gaps
    inner join policy.settings as settings using (scope)
    where input = 'audit_events'
        and gap_to > gap_from + settings.clock_skew_seconds * interval '1' second
    qualify row_number() over (partition by scope order by gap_to desc, gap_from) = 1
)

select
    scope,
    inputs.snapshot_id,
    scope as subject_id,
    case
        when readings.status is null then 'input_missing'
        when readings.status = 'not_granted' then 'not_granted'
        when inputs.state = 'stale' then 'input_stale'
        when last_gaps.gap_to >= inputs.as_of - settings.deletion_window_days * interval '1' day
            then 'events_lost'
        when inputs.state = 'incomplete' then 'log_incomplete'
        else 'readable'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', last_gaps.gap_from),
            date_trunc('second', last_gaps.gap_to)
        ) as double
    ) / 3600.0 as measured_value,
    'h' as measured_unit,
    0 as threshold_value,
    last_gaps.gap_to as failing_since,
    date_trunc('second', last_gaps.gap_from) as gap_from,
    date_trunc('second', last_gaps.gap_to) as gap_to,
    date_trunc('second', inputs.last_read_at) as last_read_at,
    inputs.permission
from staging.stg_inputs as inputs
inner join policy.settings as settings using (scope)
left join meta.inputs as readings using (scope, input)
left join last_gaps using (scope)
where inputs.input = 'audit_events'
