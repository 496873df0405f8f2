"""Which landed snapshots were never judged though newer ones are there: their runs were killed before they published.

They have to be judged before the history takes in anything newer: it would tell them what came later. Does not belong
here: judging (flow.py).
"""

from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history
from pipelines.landing.manifest import Snapshot, newest_complete
from pipelines.storage.home import Home


def unjudged_runs(home: Home, landed: list[Snapshot]) -> list[list[Snapshot]]:
    """Return the complete snapshots that were missed, the oldest first; those of one run are together."""
    missed = [s for scope in dict.fromkeys(s.scope for s in landed) for s in _missed(home, scope, landed)]
    readings: list[list[Snapshot]] = []
    for snapshot in sorted(missed, key=lambda one: one.as_of):
        # Scopes are read side by side: those of one run begin before any of them ends.
        if readings and snapshot.as_of <= min(one.finished_at for one in readings[-1]):
            readings[-1].append(snapshot)
        else:
            readings.append([snapshot])
    return readings


def _missed(home: Home, scope: str, landed: list[Snapshot]) -> list[Snapshot]:
    complete = [one for one in landed if one.scope == scope and one.complete]
    folded, judged = read_history(home, scope).last, read_result_history(home, scope).last
    newest = {one.snapshot_id for one in newest_complete(complete)}
    return [
        one
        for one in complete
        if one.snapshot_id not in newest
        and (folded is None or one.snapshot_id >= folded.snapshot_id)
        and (judged is None or one.snapshot_id > judged.snapshot_id)
    ]
