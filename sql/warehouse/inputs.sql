-- One row per input of a scope: how its last reading ended, and when it was last read.
with ranked_readings as (
    select
        *,
        row_number() over (partition by scope, input order by as_of desc) as reading_rank,
        max(case when status = 'granted' then as_of end) over (partition by scope, input)
            as last_read_at
    from history.input_readings
),

read_totals as (
    select scope, input, as_of as last_read_at, records
    from history.input_readings
    where status = 'granted'
)

select
    scope,
    input,
    definitions.call,
    readings.status,
    definitions.permission,
    definitions.purpose,
    readings.problem,
    readings.complete,
    last_read_at,
    read_totals.records
from ranked_readings as readings
inner join input_definitions as definitions using (input)
left join read_totals using (scope, input, last_read_at)
where readings.reading_rank = 1
