"""Landed snapshots that were never judged because their run was killed before it published.

They must be judged before the history folds anything newer, which would tell them what came later.
"""

from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history
from pipelines.landing.manifest import Snapshot, newest_complete
from pipelines.storage.home import Home


def unjudged_runs(home: Home, snapshots: list[Snapshot]) -> list[list[Snapshot]]:
    """Return the complete snapshots that were not judged, oldest first, grouped by run."""
    scopes = dict.fromkeys(snapshot.scope for snapshot in snapshots)
    unjudged = [snapshot for scope in scopes for snapshot in _unjudged(home, scope, snapshots)]
    runs: list[list[Snapshot]] = []
    for snapshot in sorted(unjudged, key=lambda snapshot: snapshot.as_of):
        # The scopes of one run are read side by side: all begin before any of them ends.
        if runs and snapshot.as_of <= min(other.finished_at for other in runs[-1]):
            runs[-1].append(snapshot)
        else:
            runs.append([snapshot])
    return runs


def _unjudged(home: Home, scope: str, snapshots: list[Snapshot]) -> list[Snapshot]:
    complete = [snapshot for snapshot in snapshots if snapshot.scope == scope and snapshot.complete]
    folded, judged = read_history(home, scope).last, read_result_history(home, scope).last
    newest = {snapshot.snapshot_id for snapshot in newest_complete(complete)}
    return [
        snapshot
        for snapshot in complete
        if snapshot.snapshot_id not in newest
        and (folded is None or snapshot.snapshot_id >= folded.snapshot_id)
        and (judged is None or snapshot.snapshot_id > judged.snapshot_id)
    ]
