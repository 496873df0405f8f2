"""The first line of the report and the summary: how many of the resources that there are, are protected."""

from dataclasses import dataclass

import duckdb

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_rows
from pipelines.text import printable

MAX_NAMES = 6


@dataclass(frozen=True, slots=True)
class Inventory:
    """The resources of one scope that have to be protected, as far as the service lists them."""

    scope: str
    state: str  # of the list: ready, incomplete, stale or missing
    required: int
    protected: int
    waived: int
    names: list[str]  # of those that are not protected

    @property
    def is_good(self) -> bool:
        """Whether every resource is proven to be protected."""
        return self.state == "ready" and not self.names

    @property
    def sentence(self) -> str:
        """What is known, in one or two sentences."""
        if self.state == "missing":
            return "What has no backup at all is not known: the list of resources is not granted."
        text = f"{self.protected:,} of {self.required:,} resources are protected"
        if self.waived:
            text += f", {self.waived:,} waived"
        if self.names:
            more = f" and {len(self.names) - MAX_NAMES:,} more" if len(self.names) > MAX_NAMES else ""
            text += f"; not {', '.join(map(printable, self.names[:MAX_NAMES]))}{more}"
        doubts = {
            "incomplete": " The list is not proven complete: there may be others.",
            "stale": " The list is out of date.",
        }
        return f"{text}.{doubts.get(self.state, '')}"


def read_inventories(connection: duckdb.DuckDBPyConnection) -> dict[str, Inventory]:
    """Return the inventory of each scope of a published file, by scope."""
    return {row.scope: row for row in fetch_rows(connection, read_query("reports/inventory"), Inventory)}
