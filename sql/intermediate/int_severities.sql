-- One row per severity, with its rank.
-- kind: view
with severities as (
    select 'critical' as severity, 5 as rank
    union all
    select 'high' as severity, 4 as rank
    union all
    select 'medium' as severity, 3 as rank
    union all
    select 'low' as severity, 2 as rank
    union all
    select 'info' as severity, 1 as rank
)

select
    severity, -- VARCHAR: Severity of a failure.
    rank -- BIGINT: A higher rank is more severe.
from severities
