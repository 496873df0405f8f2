"""What of the results is to be told: changes, each once.

The published file and what was told before enter; one text and what was told by then leave. Names come from the cloud
and may hold anything: they are shown as code, in which no chat finds a mention or a link.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.contract.keys import SEVERITIES
from pipelines.duck import rows
from pipelines.problem import shown

# Of each scope: the newest snapshot whose changes were told, and which of them.
Told = dict[str, tuple[str, list[str]]]

_NAMES, _LINES = 6, 30  # of a line, of a text
_WORDS = {"fail": "now fails", "unknown": "is unknown", "pass": "passes again", "waived": "is waived"}
_STANDING = "SELECT scope, snapshot_id FROM staging.stg_snapshots ORDER BY scope"
# A server stands for its disks: a disk is named only where its server does not change alike. The digest tells whether a
# change that was told looks different after judging again.
_CHANGES = """
WITH changes AS (
    SELECT e.*, r.server_id
    FROM compliance.control_result_events AS e
    LEFT JOIN intermediate.int_resources AS r ON e.scope = r.scope AND e.subject_id = r.resource_id
    WHERE e.to_status IN ('fail', 'unknown', 'pass', 'waived') AND e.snapshot_id >= $1
)
SELECT
    c.scope, c.snapshot_id, c.as_of, c.severity, c.control_id, c.to_status,
    list_sort(list(DISTINCT coalesce(c.resource_name, c.subject_name, c.subject_id))) AS names,
    md5(string_agg(c.subject_id || ' ' || coalesce(c.from_status, ''), ' ' ORDER BY c.subject_id)) AS digest
FROM changes AS c
ANTI JOIN changes AS s
    ON c.scope = s.scope AND c.snapshot_id = s.snapshot_id AND c.control_id = s.control_id
    AND c.to_status = s.to_status AND c.server_id = s.subject_id
GROUP BY ALL ORDER BY c.scope, c.snapshot_id, c.control_id
"""


@dataclass(frozen=True, slots=True)
class News:
    """What to post, nothing where there is nothing new, and what is told once it is posted."""

    text: str | None
    told: Told


def read_news(connection: duckdb.DuckDBPyConnection, told: Told) -> News:
    """Return what changed since `told`. Of a scope that nothing was told of, nothing is: it is only remembered."""
    standing = {row["scope"]: row["snapshot_id"] for row in rows(connection, _STANDING)}
    since = min((snapshot_id for snapshot_id, _ in told.values()), default="")
    found = connection.execute(_CHANGES, [since])
    names = [column[0] for column in found.description or []]
    changes = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    new = [one for one in changes if one["scope"] in told and _is_new(one, *told[one["scope"]])]
    after = {
        scope: (newest, [_key(one) for one in changes if (one["scope"], one["snapshot_id"]) == (scope, newest)])
        for scope, newest in standing.items()
    }
    # A scope that has nothing now may have something again.
    return News(_text(new) if new else None, told | after)


def code(name: object) -> str:
    """Return a name as code of a chat's markup."""
    plain = shown(name).replace("`", "'").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"`{plain}`"


def _is_new(change: dict[str, Any], snapshot_id: str, keys: list[str]) -> bool:
    if change["snapshot_id"] == snapshot_id:
        return _key(change) not in keys
    return str(change["snapshot_id"]) > snapshot_id


def _key(change: dict[str, Any]) -> str:
    return f"{change['control_id']} {change['to_status']} {change['digest'][:12]}"


def _text(changes: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for scope, as_of in dict.fromkeys((one["scope"], one["as_of"]) for one in changes):
        lines.append(f"*Backups of {code(scope)}, as of {as_of:%Y-%m-%d %H:%M} UTC*")
        mine = [one for one in changes if (one["scope"], one["as_of"]) == (scope, as_of)]
        lines += [_line(one) for one in sorted(mine, key=_order)]
    more = len(lines) - _LINES
    return "\n".join([*lines[:_LINES], *([f"and {more} more: see cbr-warehouse status"] if more > 0 else [])])


def _order(change: dict[str, Any]) -> tuple[int, int, str]:
    return list(_WORDS).index(change["to_status"]), SEVERITIES.index(change["severity"]), change["control_id"]


def _line(change: dict[str, Any]) -> str:
    names = change["names"]
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    listed = ", ".join(map(code, names[:_NAMES]))
    return f"• {change['severity']} *{change['control_id']}* {_WORDS[change['to_status']]}: {listed}{more}"
