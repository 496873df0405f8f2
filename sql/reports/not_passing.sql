-- One row a result that does not pass.
select *
from compliance.control_results
where raw_status in ('fail', 'unknown')
