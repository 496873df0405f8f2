-- One row per granted scope: when its last attempt ended, and why it gave no complete snapshot.
select scope, attempted_at, problem
from meta.scopes
where is_granted
order by scope
