-- One row per relation that has a sheet in the workbook.
select relation, description
from meta.catalog
where position = 0 and starts_with(relation, 'compliance.')
order by relation
