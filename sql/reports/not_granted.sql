-- One row per project that IAM lists and that the user may not read.
select scope, attempted_at, problem
from meta.scopes
where not is_granted
order by scope
