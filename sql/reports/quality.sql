-- One row a doubt about a record: what it says that can't be, and what was done about it.
-- title: Doubts about the data
select scope, rule, relation, backup_id as backup, value, effect
from compliance.data_quality_findings
order by all
