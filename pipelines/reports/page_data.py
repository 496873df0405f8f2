"""The data of the report page: scopes, scores, critical failures, coverage, daily status and tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from pipelines.models.files import read_query
from pipelines.reports.grants import LackingInput, RefusedProject, read_lacking_inputs, read_refused_projects
from pipelines.reports.inventory import Inventory, read_inventories
from pipelines.reports.listings import Listing, read_listings
from pipelines.reports.scopes import ScopeState, read_scopes
from pipelines.reports.scores import Score, read_trend
from pipelines.storage.connection import count_rows, fetch_rows

_MAX_GRID_ROWS = 200  # resources
_KIND_ORDER = {"server": 0, "disk": 1}  # other kinds follow


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many subjects pass one of the main controls in one scope."""

    scope: str
    title: str
    control_id: str
    passes: int
    fails: int
    waived: int
    unknowns: int
    covered: float | None  # percent; null if the scope is stale or no subject applies


@dataclass(frozen=True, slots=True)
class DailyStatus:
    """The status of a resource on each of the last 30 days."""

    scope: str
    id: str
    resource: str
    owner: str | None
    statuses: list[str]  # by day
    days: list[str]


@dataclass(frozen=True, slots=True)
class CriticalFailure:
    """A critical control that fails in one scope."""

    scope: str
    control: str
    title: str
    kinds: list[str]  # of every subject that fails: server, disk, ...
    results: int
    named: list[Mapping[str, Any]]  # id and name of each subject, without disks whose server fails too
    owners: list[str]
    since: datetime | None
    due: datetime

    @property
    def failing_subjects(self) -> str:
        """What fails in words, for example "6 servers and 8 disks"."""
        counts = Counter(self.kinds)
        ordered = sorted(counts, key=lambda kind: (_KIND_ORDER.get(kind, len(_KIND_ORDER)), kind))
        parts = [f"{counts[kind]:,} {_noun(kind, counts[kind])}" for kind in ordered]
        return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


@dataclass(frozen=True, slots=True)
class PageData:
    """Everything that the report page shows."""

    scopes: list[ScopeState]
    inventories: dict[str, Inventory]  # by scope
    lacking: list[LackingInput]
    refused: list[RefusedProject]
    trend: list[Score]
    coverage: list[Coverage]
    grid: list[DailyStatus]
    omitted_grid_rows: int
    critical: list[CriticalFailure]
    listings: dict[str, Listing]

    @property
    def is_doubtful(self) -> bool:
        """Whether the data of any scope is old, missing or rejected."""
        return any(scope.is_doubtful for scope in self.scopes)

    @property
    def scores(self) -> list[Score]:
        """The current scores of each scope."""
        return [score for score in self.trend if score.is_current]

    @property
    def days(self) -> list[str]:
        """The days of the daily status, the oldest first."""
        return sorted({day for row in self.grid for day in row.days})

    @property
    def newest_as_of(self) -> datetime | None:
        """Time of the newest complete snapshot, or None if there is none."""
        return max((scope.as_of for scope in self.scopes if scope.as_of), default=None)


def _noun(kind: str, count: int) -> str:
    noun = kind.replace("_", " ")
    return noun if count == 1 else f"{noun}s"


def read_page_data(connection: duckdb.DuckDBPyConnection) -> PageData:
    """Return the data of the report page from a published file."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE grid AS {read_query('reports/grid')}")
    grid = fetch_rows(connection, f"SELECT * FROM grid LIMIT {_MAX_GRID_ROWS}", DailyStatus)
    return PageData(
        scopes=read_scopes(connection),
        inventories=read_inventories(connection),
        lacking=read_lacking_inputs(connection),
        refused=read_refused_projects(connection),
        trend=read_trend(connection),
        coverage=fetch_rows(connection, read_query("reports/coverage"), Coverage),
        grid=grid,
        omitted_grid_rows=count_rows(connection, "grid") - len(grid),
        critical=fetch_rows(connection, read_query("reports/critical"), CriticalFailure),
        listings=read_listings(connection),
    )
