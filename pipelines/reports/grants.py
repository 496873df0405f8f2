"""What the account does not grant: inputs beside the backups, and projects. The summary and the page begin with it."""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.contract.inputs import FAILED, NOT_GRANTED
from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_rows
from pipelines.text import printable


@dataclass(frozen=True, slots=True)
class LackingInput:
    """An input beside the backups that was not read, or not proven to be whole."""

    scope: str
    input: str
    call: str
    status: str
    permission: str
    purpose: str
    problem: str | None

    @property
    def sentence(self) -> str:
        """What can't be judged for want of the input, and why."""
        if self.status == NOT_GRANTED:
            return f"{self.call} is not granted ({self.purpose}): ask for {self.permission}"
        reason = "failed" if self.status == FAILED else "may not be whole"
        return f"{self.call} {reason} ({self.purpose}): {printable(self.problem or '')}"


@dataclass(frozen=True, slots=True)
class RefusedProject:
    """A project that IAM lists and that the user may not read."""

    scope: str
    attempted_at: datetime
    problem: str | None

    @property
    def sentence(self) -> str:
        """Which project is not read, and why."""
        return f"not granted: {printable(self.scope)}: {printable(self.problem)}"


def read_lacking_inputs(connection: duckdb.DuckDBPyConnection) -> list[LackingInput]:
    """Return the inputs of a published file that were not read whole, by scope and name."""
    return fetch_rows(connection, read_query("reports/inputs"), LackingInput)


def read_refused_projects(connection: duckdb.DuckDBPyConnection) -> list[RefusedProject]:
    """Return the projects of a published file that are not granted, by name."""
    return fetch_rows(connection, read_query("reports/not_granted"), RefusedProject)
