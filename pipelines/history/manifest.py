"""The manifest of a scope's history: the files that make it, and the snapshots folded into it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipelines.errors import DamagedFileError
from pipelines.storage.home import Home
from pipelines.storage.manifests import check_paths, read_manifest, write_manifest

HINT = "Restore DIR/history from a copy, or remove that file: 'cbr-warehouse replay' folds again what is landed."


@dataclass(frozen=True, slots=True)
class FoldedSnapshot:
    """A snapshot that the history contains. `content` are the hashes of its tables."""

    snapshot_id: str
    as_of: datetime
    project_id: str
    region: str | None
    content: dict[str, str]


@dataclass(frozen=True, slots=True)
class HistoryState:
    """The history of a scope after its newest fold. Files are paths below the home."""

    scope: str
    folded: list[FoldedSnapshot] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)  # by table
    before: "HistoryState | None" = None  # the state before the newest fold, which has no `before` itself

    def __post_init__(self) -> None:
        check_paths(self.files)

    def paths(self, home: Home, table: str) -> list[Path]:
        """Return the files of a table of contract/history.py."""
        return [home.path / file for file in self.files.get(table, [])]

    @property
    def last(self) -> FoldedSnapshot | None:
        """The newest snapshot that the history contains."""
        return self.folded[-1] if self.folded else None


def read_history(home: Home, scope: str) -> HistoryState:
    """Return the history of a scope, empty if there is none. Raise DamagedFileError."""
    path = home.history_manifest(scope)
    state = read_manifest(path, HistoryState, HINT) or HistoryState(scope)
    for file in (file for files in state.files.values() for file in files):
        if not (home.path / file).exists():
            raise DamagedFileError(f"{path} is damaged: {file} is missing", HINT)
    return state


def write_history(home: Home, state: HistoryState) -> None:
    """Make `state` the history of its scope, in one step."""
    before = replace(state.before, before=None) if state.before else None
    write_manifest(home.history_manifest(state.scope), replace(state, before=before))
