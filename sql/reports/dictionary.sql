-- One row per relation, followed by one row per column, with descriptions.
select relation, column_name, type, description
from meta.catalog
order by relation, position
