"""The SELECTs that compare two snapshots of one table, version by version.

They run in the database of a fold: schema `was` is the snapshot before, with its `<table>_open`; `now` the new one.
What differs is found by a hash of 64 bits of the columns that can, and then read by key.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.history import LOADED_FLAGS, record_key, top_backup_column
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO

_NO_CONTENT = ("snapshot_id", "detail_read_at")  # they tell when it was read, not what it is
_USABLE = "coalesce({0}.status IN ('available', 'restoring', 'waiting_restore'), false)"
_FAILED = "coalesce({0}.status = 'error', false)"
_STATE = """CASE
    WHEN {0} IN ('protecting', 'waiting_protect') THEN 'in_flight'
    WHEN {0} IN ('deleting', 'waiting_delete') THEN 'going'
    WHEN {0} IN ('restoring', 'waiting_restore') THEN 'restoring'
    ELSE coalesce({0}, '') END"""
_READABLE = "(NOT contains(coalesce({0}.extra, ''), '\"expired_at\"'))"
# What a backup once was, kept for as long as it is there, of the first snapshot `t` that has it ...
_BEGUN = {
    "was_usable": _USABLE.format("t"),
    "was_failed": _FAILED.format("t"),
    "dependable_until": f"CASE WHEN {_USABLE.format('t')} AND t.expired_at <= n.as_of THEN t.expired_at END",
    "state_since": "n.as_of",
    "was_manual": "coalesce(NOT p.is_auto, false)",
    "latest_expiry": f"CASE WHEN {_USABLE.format('t')} THEN t.expired_at END",
    "was_endless": f"{_USABLE.format('t')} AND t.expired_at IS NULL AND {_READABLE.format('t')}",
}
# ... and folded forward: `o` is what was known, `c` has both snapshots, `p` is the point; `w` and `n` are the
# snapshots' own rows.
_FOLDED = {
    "was_usable": f"coalesce(o.was_usable, false) OR {_USABLE.format('c')}",
    "was_failed": f"coalesce(o.was_failed, false) OR {_FAILED.format('c')}",
    "dependable_until": f"""CASE
        WHEN NOT {_USABLE.format("c")} AND NOT coalesce(o.was_usable, false) THEN NULL
        WHEN {_USABLE.format("c")} AND (c.expired_at IS NULL OR c.expired_at > n.as_of) THEN NULL
        WHEN o.dependable_until IS NOT NULL THEN o.dependable_until
        WHEN c.expired_at <= n.as_of AND (c.expired_at > w.as_of OR NOT c.had) THEN c.expired_at
        ELSE n.as_of END""",
    "state_since": f"""CASE
        WHEN c.had AND {_STATE.format("c.old_status")} = {_STATE.format("c.status")} THEN o.state_since
        ELSE n.as_of END""",
    "was_manual": "coalesce(o.was_manual, false) OR coalesce(NOT p.is_auto, false)",
    "latest_expiry": f"""CASE
        WHEN NOT {_USABLE.format("c")} OR c.expired_at <= o.latest_expiry THEN o.latest_expiry
        ELSE coalesce(c.expired_at, o.latest_expiry) END""",
    "was_endless": f"coalesce(o.was_endless, false) OR ({_USABLE.format('c')} AND c.expired_at IS NULL AND c.readable)",
}


def compared(table: Table) -> str:
    """Return one row a record of either snapshot: whether each has it, and whether they differ.

    Of backups all, of what stands in them only those that differ.
    """
    key = record_key(table)
    own = ", ".join(_hashed(c) for c in table.columns if c.name not in (*key, *_NO_CONTENT))
    old, new = ("", "")
    if table is BACKUPS:
        old, new = ", w.status", f", n.status, n.expired_at, {_READABLE.format('n')} AS readable"
    names = ", ".join(f"coalesce(w.{name}, n.{name}) AS {name}" for name in key)
    return f"""
    WITH w AS (SELECT {", ".join(key)}{old}, hash({own}) AS content FROM was.{table.name} AS w),
         n AS (SELECT {", ".join(key)}{new}, hash({own}) AS content FROM now.{table.name} AS n)
    SELECT {names}{", n.status, w.status AS old_status, n.expired_at, n.readable" if table is BACKUPS else ""},
        w.content IS NOT NULL AS had, n.content IS NOT NULL AS has, w.content IS DISTINCT FROM n.content AS differs
    FROM w FULL OUTER JOIN n ON {_on(table, "w", "n")}
    {"" if table is BACKUPS else "WHERE w.content IS DISTINCT FROM n.content"}"""


def closing(table: Table) -> str:
    """Return the versions that end: those of the snapshot before that the new one has otherwise, or not at all."""
    columns = ", ".join(f"t.{column.name}" for column in table.columns)
    return f"""
    SELECT {columns}, {_since("valid_from")} AS valid_from, n.as_of AS valid_to, {_since("first_seen")} AS first_seen,
        w.as_of AS last_seen
    FROM was.{table.name} AS t
    JOIN compared AS c ON {_on(table, "t", "c")} AND c.had AND c.differs
    {_since_when(table, "t")}
    CROSS JOIN was.snapshot AS w CROSS JOIN now.snapshot AS n"""


def lasting(table: Table) -> str:
    """Return since when each backup of the new snapshot has been as it is; of what stands in one, only exceptions."""
    key = ", ".join(f"c.{name}" for name in record_key(table))
    if table is BACKUPS:
        was = ", ".join(f"{value} AS {name}" for name, value in _FOLDED.items())
        return f"""
        SELECT {key}, CASE WHEN c.differs THEN n.as_of ELSE o.valid_from END AS valid_from,
            coalesce(o.first_seen, n.as_of) AS first_seen, {was}
        FROM compared AS c LEFT JOIN was.{table.name}_open AS o ON {_on(table, "c", "o")}
        LEFT JOIN fold.points AS p ON c.id = p.id AND p.side = 'now'
        CROSS JOIN was.snapshot AS w CROSS JOIN now.snapshot AS n WHERE c.has"""
    # What differs came or changed now, and is an exception unless its backup is new, too; what was one stays one.
    stays = ", ".join(f"o.{name}" for name in record_key(table))
    return f"""
    SELECT {key}, n.as_of AS valid_from, CASE WHEN c.had THEN {_since("first_seen")} ELSE n.as_of END AS first_seen
    FROM compared AS c
    {_since_when(table, "c")}
    CROSS JOIN now.snapshot AS n
    WHERE c.has AND b.id IS NOT NULL
    UNION ALL
    SELECT {stays}, o.valid_from, o.first_seen
    FROM was.{table.name}_open AS o LEFT JOIN compared AS c ON {_on(table, "o", "c")}
    WHERE c.scope IS NULL"""


def beginning(table: Table) -> str:
    """Return the same for the first snapshot, which has none before it: nothing is older than another."""
    key = ", ".join(f"t.{name}" for name in record_key(table))
    was = ", ".join(f"{value} AS {name}" for name, value in _BEGUN.items())
    points = "LEFT JOIN fold.points AS p ON t.id = p.id AND p.side = 'now'" if table is BACKUPS else ""
    return f"""
    SELECT {key}, n.as_of AS valid_from, n.as_of AS first_seen{f", {was}" if table is BACKUPS else ""}
    FROM now.{table.name} AS t {points} CROSS JOIN now.snapshot AS n WHERE {table is BACKUPS}"""


def _since_when(table: Table, of: str) -> str:
    """Return the joins that tell since when a record of the snapshot before was as it was: `b` and `o`."""
    return f"""
    LEFT JOIN was.backups_open AS b ON {of}.scope = b.scope AND {of}.{top_backup_column(table)} = b.id
    LEFT JOIN was.{table.name}_open AS o ON {_on(table, of, "o")}"""


def _since(what: str) -> str:
    return f"coalesce(o.{what}, b.first_seen)"


def unread(table: Table) -> str:
    """Return the rows of the snapshot before that the new one was not told anew: their backup's list was not sent."""
    flag = LOADED_FLAGS.get(table.name, LOADED_FLAGS[CHILDREN.name])
    of_list = "true" if table is not EXTEND_INFO else "t.level = 'child'"
    return f"""
    SELECT t.* FROM was.{table.name} AS t JOIN now.backups AS b ON t.{top_backup_column(table)} = b.id AND NOT b.{flag}
    WHERE {of_list} AND NOT EXISTS (SELECT 1 FROM now.{table.name}_read AS r WHERE {_on(table, "t", "r")})"""


def drift() -> str:
    """Return every way in which bodies ever differed from the contract, the new snapshot's among them."""
    key = ("scope", "table_name", "path", "kind", "found")
    names = ", ".join(f"coalesce(s.{name}, d.{name}) AS {name}" for name in key)
    return f"""
    SELECT {names}, coalesce(s.first_seen, n.as_of) AS first_seen,
        CASE WHEN d.scope IS NULL THEN s.last_seen ELSE n.as_of END AS last_seen
    FROM was.drift AS s FULL OUTER JOIN now.drift AS d ON {" AND ".join(f"s.{name} = d.{name}" for name in key)}
    CROSS JOIN now.snapshot AS n"""


def _on(table: Table, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in record_key(table))


def _hashed(column: Column) -> str:
    # The hash of an empty list is that of null.
    return f"{column.name}, {column.name} IS NULL" if column.type is Type.STRINGS else column.name
