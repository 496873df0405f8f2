-- One row per period of a log that no reading has: each reading goes on from the one before.
with ordered_readings as (
    select
        scope,
        input,
        read_from,
        max(read_until) over (
            partition by scope, input
            order by as_of
            rows between unbounded preceding and 1 preceding
        ) as read_before
    from history.input_readings
    where status = 'granted' and complete and read_from is not null
)

select scope, input, read_before as gap_from, min(read_from) as gap_to
from ordered_readings
where read_from > read_before
group by scope, input, read_before
