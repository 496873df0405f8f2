"""Removing Parquet files of the history that no manifest names any more."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history
from pipelines.storage.home import Home
from pipelines.tables.cleanup import remove_unnamed


def settled_until(home: Home, scopes: Iterable[str]) -> dict[str, str]:
    """Return, by scope, the newest snapshot that is folded and whose results are kept. Raise DamagedFileError."""
    settled = {}
    for scope in scopes:
        folded, judged = read_history(home, scope).last, read_result_history(home, scope).last
        if folded and judged:
            settled[scope] = min(folded.snapshot_id, judged.snapshot_id)
    return settled


def remove_unused_history(home: Home, now: float) -> None:
    """Remove files that no manifest names and that are old enough. `now` is in seconds. Raise DamagedFileError."""
    remove_unnamed(home.histories.glob("*/*/part-*.parquet"), set(_named_files(home)), now)


def _named_files(home: Home) -> Iterator[Path]:
    for scope in home.scopes():
        state, results = read_history(home, scope), read_result_history(home, scope)
        before = state.before.files if state.before else {}
        folded = (name for files in (state.files, before) for names in files.values() for name in names)
        yield from (home.path / name for name in (*folded, *results.named_files))
