-- One row per implausible value in a record, with its effect on the results.
-- title: Data quality
select scope, rule, relation, backup_id as backup, value, effect
from compliance.data_quality_findings
order by all
