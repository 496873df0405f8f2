"""The tables of the report page. Each is one SELECT in sql/reports/.

The leading comment of a file has the description, the title and the links of its table. The link
`fails > work by scope id` says that the number in column `fails` is the sum of column `results` over the rows of table
`work` that have the same `scope` and `id`.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.models.files import read_query
from pipelines.models.model import leading_comment
from pipelines.storage.connection import count_rows, fetch_dicts

Row = dict[str, Any]
_MAX_ROWS = 2_000  # per table
_PAGE_ORDER = (
    *("work", "resources", "controls", "unknown", "changes", "coming", "accepted", "waivers", "vaults", "sizes"),
    *("standards", "quality"),
)
_LINK = re.compile(r"(\w+) > (\w+) by ([\w ]+)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of the page."""

    id: str
    title: str
    about: str
    links: dict[str, tuple[str, list[str]]]  # column -> table it links to, and the columns that select its rows
    rows: list[Row] = field(default_factory=list)  # the first rows
    total_rows: int = 0

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.rows[0]) if self.rows else []

    @property
    def omitted_rows(self) -> int:
        """Number of rows that are not on the page."""
        return self.total_rows - len(self.rows)


def read_listings(connection: duckdb.DuckDBPyConnection) -> dict[str, Listing]:
    """Return every table of the page by its ID, in the order of the page."""
    show_scope = count_rows(connection, "meta.scopes") > 1
    return {name: _read_listing(connection, name, show_scope=show_scope) for name in _PAGE_ORDER}


def _read_listing(connection: duckdb.DuckDBPyConnection, name: str, *, show_scope: bool) -> Listing:
    sql = read_query(f"reports/{name}")
    about, header = leading_comment(sql)
    links = {column: (table, by.split()) for column, table, by in _LINK.findall(header.get("links", ""))}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {sql}")
    rows = fetch_dicts(connection, f"SELECT * FROM listed LIMIT {_MAX_ROWS}")
    if not show_scope:
        rows = [{column: value for column, value in row.items() if column != "scope"} for row in rows]
    return Listing(name, header["title"], about, links, rows, count_rows(connection, "listed"))
