-- One row a relation, and a column of it below: what it means.
select relation, column_name, type, description
from meta.catalog
order by relation, position
