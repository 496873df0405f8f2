-- One row a relation that the workbook has a sheet of.
select relation, description
from meta.catalog
where position = 0 and starts_with(relation, 'compliance.')
order by relation
