"""The tables of the report: the files of sql/reports/, asked.

A connection to a published file enters, read-only; one `Listing` a file leaves. The leading comment of a file says what
the table is about, its title, and where its numbers lead. `fails > work by scope id`: the number in column `fails` is
the sum of `results` of those rows of table `work` that have this row's `scope` and `id`. Does not belong here: how a
table looks (html.py, page/).
"""

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.models.files import read_query
from pipelines.models.model import leading_comment
from pipelines.storage.connection import count_rows, fetch_dicts

Row = dict[str, Any]
_MOST = 2_000  # rows of a table in the page: what is left out is counted
_IN_ORDER = (
    *("work", "resources", "controls", "unknown", "changes", "coming", "accepted", "waivers", "vaults", "sizes"),
    *("standards", "quality"),
)
_LINK = re.compile(r"(\w+) > (\w+) by ([\w ]+)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of the page: `found` rows there are, of which the first ones are in `rows`."""

    id: str
    title: str
    about: str
    links: dict[str, tuple[str, list[str]]]  # column -> the table it leads to, and the columns that tell which rows
    rows: list[Row] = field(default_factory=list)
    found: int = 0

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.rows[0]) if self.rows else []

    @property
    def left_out(self) -> int:
        """How many rows the page has not."""
        return self.found - len(self.rows)


def read_listings(connection: duckdb.DuckDBPyConnection) -> dict[str, Listing]:
    """Return every table of the report, by its id, in the order of the page."""
    several = count_rows(connection, "meta.scopes") > 1
    return {name: _listing(connection, name, several=several) for name in _IN_ORDER}


def _listing(connection: duckdb.DuckDBPyConnection, name: str, *, several: bool) -> Listing:
    sql = read_query(f"reports/{name}")
    about, header = leading_comment(sql)
    links = {column: (table, by.split()) for column, table, by in _LINK.findall(header.get("links", ""))}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {sql}")
    found = fetch_dicts(connection, f"SELECT * FROM listed LIMIT {_MOST}")
    if not several:  # it would say the same in each row
        found = [{column: value for column, value in row.items() if column != "scope"} for row in found]
    return Listing(name, header["title"], about, links, found, count_rows(connection, "listed"))
