-- One row per relation of a draft, and one per column, with its description from DuckDB's
-- catalogue.
with described as (
    select
        schema_name || '.' || table_name as relation,
        0 as position,
        null as column_name,
        'TABLE' as type,
        comment as description
    from duckdb_tables()
    where not internal
    union all
    select
        schema_name || '.' || view_name as relation,
        0 as position,
        null as column_name,
        'VIEW' as type,
        comment as description
    from duckdb_views()
    where not internal
    union all
    select
        schema_name || '.' || table_name as relation,
        column_index as position,
        column_name,
        data_type as type,
        comment as description
    from duckdb_columns()
    where not internal
)

select
    relation,
    position,
    column_name,
    type,
    description
from described
order by relation, position
