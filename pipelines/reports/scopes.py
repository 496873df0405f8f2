"""The state of each scope, as the page, the summary and the status show it."""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_rows


@dataclass(frozen=True, slots=True)
class ScopeState:
    """One scope: its last reading, its current snapshot and policy, and numbers of resources.

    Without a complete snapshot, `snapshot_id`, `as_of`, `listed`, `region` and the policy are null.
    """

    scope: str
    attempted_at: datetime
    is_stale: bool
    stale_reason: str | None
    is_sandbox: bool | None
    snapshot_id: str | None
    as_of: datetime | None
    listed: int | None
    region: str | None
    rejects: int
    policy_id: str | None
    policy_sha256: str | None  # null for the built-in policy
    report_timezone: str | None
    resources: int
    unprotected: int
    not_restorable: int
    undecided: int

    @property
    def is_doubtful(self) -> bool:
        """Whether data is old, missing or rejected. The page then shows nothing in green."""
        return self.is_stale or bool(self.rejects) or not self.resources


def read_scopes(connection: duckdb.DuckDBPyConnection) -> list[ScopeState]:
    """Return the state of each scope of a published file, by name."""
    return fetch_rows(connection, read_query("reports/scopes"), ScopeState)
