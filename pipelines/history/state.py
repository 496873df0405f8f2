"""The history of one scope on disk: the files that make it, and the snapshots that it has taken in.

One small JSON, replaced in one write, says which files count.
"""

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.home import Home, files_in, read_json, write_json
from pipelines.problem import Problem

CURE = "Restore DIR/history from a copy, or remove that file: 'cbr-warehouse replay' folds again what is landed."


@dataclass(frozen=True, slots=True)
class Folded:
    """A snapshot that was taken in. `content` are the hashes of its tables."""

    snapshot_id: str
    as_of: str
    project_id: str
    region: str | None
    content: dict[str, str]


@dataclass(frozen=True, slots=True)
class State:
    """The history of a scope after its newest fold. Files are paths below the home."""

    scope: str
    folded: list[Folded] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)  # table -> its files
    before: "State | None" = None  # the one that the newest fold went on from, whose own is forgotten

    def paths(self, home: Home, table: str) -> list[Path]:
        """Return the files of a table of contract/history.py."""
        return [home.path / file for file in self.files.get(table, [])]

    @property
    def last(self) -> Folded | None:
        """The newest snapshot that was taken in."""
        return self.folded[-1] if self.folded else None


def read_state(home: Home, scope: str) -> State:
    """Return the history of a scope, empty where there is none. Raises Problem where it is damaged."""
    path = home.history_manifest(scope)
    state = read_json(path, _parsed, CURE) or State(scope)
    for file in (file for files in state.files.values() for file in files):
        if not (home.path / file).exists():
            raise Problem(f"{path} is damaged: {file} is missing", CURE)
    return state


def write_state(home: Home, state: State) -> None:
    """Make `state` the history of its scope, in one step."""
    before = replace(state.before, before=None) if state.before else None
    write_json(home.history_manifest(state.scope), asdict(replace(state, before=before)))


def _parsed(content: Any) -> State:
    names = [known.name for known in fields(Folded)]
    folded = [Folded(**{name: one[name] for name in names}) for one in content["folded"]]
    for one in folded:
        datetime.fromisoformat(one.as_of)
    before = _parsed(content["before"]) if content["before"] else None
    return State(str(content["scope"]), folded, files_in(content["files"]), before)
