-- One row per result that fails or is unknown.
select *
from compliance.control_results
where raw_status in ('fail', 'unknown')
