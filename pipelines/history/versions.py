"""The SELECTs that compare two snapshots of one table, version by version, made of the table's columns.

They run in the database of a fold: schema `was` is the snapshot before, with its `<table>_open`; `now` the new one.
What differs is found by a hash of 64 bits of the columns that can, and then read by key. What a backup once was is
sql/fold/backup_states.sql.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.history import LOADED_FLAGS, record_key, top_backup_column
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO

_NO_CONTENT = ("snapshot_id", "detail_read_at")  # they tell when it was read, not what it is
COMPARED = "fold.compared"


def compared(table: Table) -> str:
    """Return one row a record of either snapshot: whether each has it, and whether they differ.

    Of backups all, of what stands in them only those that differ.
    """
    key = _key(table)
    content = ", ".join(_hashed(c) for c in table.columns if c.name not in (*record_key(table), *_NO_CONTENT))
    return f"""
    WITH earlier AS (SELECT {key}, hash({content}) AS content FROM was.{table.name}),
        later AS (SELECT {key}, hash({content}) AS content FROM now.{table.name})
    SELECT {key}, earlier.content IS NOT NULL AS was_present, later.content IS NOT NULL AS is_present,
        earlier.content IS DISTINCT FROM later.content AS has_changed
    FROM earlier FULL OUTER JOIN later USING ({key})
    {"" if table is BACKUPS else "WHERE earlier.content IS DISTINCT FROM later.content"}"""


def closing(table: Table) -> str:
    """Return the versions that end: those of the snapshot before that the new one has otherwise, or not at all."""
    columns = ", ".join(f"ended.{column.name}" for column in table.columns)
    return f"""
    SELECT {columns}, coalesce(known.valid_from, backup.first_seen) AS valid_from, later.as_of AS valid_to,
        coalesce(known.first_seen, backup.first_seen) AS first_seen, earlier.as_of AS last_seen
    FROM was.{table.name} AS ended
    INNER JOIN {COMPARED} AS compared USING ({_key(table)})
    {_since(table, "ended")}
    CROSS JOIN was.snapshot AS earlier CROSS JOIN now.snapshot AS later
    WHERE compared.was_present AND compared.has_changed"""


def lasting(table: Table) -> str:
    """Return since when each record in a backup has been as it is, where that is not since its backup was first seen.

    What differs came or changed now, and is an exception unless its backup is new, too; what was one stays one.
    """
    changed, stays = (", ".join(f"{source}.{name}" for name in record_key(table)) for source in ("compared", "known"))
    return f"""
    SELECT {changed}, later.as_of AS valid_from,
        CASE WHEN compared.was_present THEN coalesce(known.first_seen, backup.first_seen) ELSE later.as_of END
            AS first_seen
    FROM {COMPARED} AS compared
    {_since(table, "compared")}
    CROSS JOIN now.snapshot AS later
    WHERE compared.is_present AND backup.id IS NOT NULL
    UNION ALL
    SELECT {stays}, known.valid_from, known.first_seen
    FROM was.{table.name}_open AS known ANTI JOIN {COMPARED} AS compared USING ({_key(table)})"""


def unread(table: Table) -> str:
    """Return the rows of the snapshot before that the new one was not told anew: their backup's list was not sent."""
    flag = LOADED_FLAGS.get(table.name, LOADED_FLAGS[CHILDREN.name])
    of_list = "true" if table is not EXTEND_INFO else "earlier.level = 'child'"
    return f"""
    SELECT earlier.*
    FROM was.{table.name} AS earlier
    ANTI JOIN now.{table.name}_read AS later USING ({_key(table)})
    INNER JOIN now.backups AS backup ON earlier.{top_backup_column(table)} = backup.id AND NOT backup.{flag}
    WHERE {of_list}"""


def _since(table: Table, source: str) -> str:
    """Return the joins that tell since when a record of `source` was as it was: `backup` and `known`."""
    same_record = " AND ".join(f"{source}.{name} = known.{name}" for name in record_key(table))
    return f"""
    LEFT JOIN was.backups_open AS backup
        ON {source}.scope = backup.scope AND {source}.{top_backup_column(table)} = backup.id
    LEFT JOIN was.{table.name}_open AS known ON {same_record}"""


def _key(table: Table) -> str:
    return ", ".join(record_key(table))


def _hashed(column: Column) -> str:
    # The hash of an empty list is that of null.
    return f"{column.name}, {column.name} IS NULL" if column.type is Type.STRINGS else column.name
