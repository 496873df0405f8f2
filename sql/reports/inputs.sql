-- One row per input of a scope that was not read in its last reading, or not proven to be whole.
select scope, input, call, status, permission, purpose, problem
from meta.inputs
where status <> 'granted' or not complete
order by scope, input
