"""A home as it was when an older snapshot was the newest: what the evidence of that one is judged from.

Belongs here: which snapshots it has, and the history made anew from them. A home enters; another one leaves, in a
folder that the caller throws away. Does not belong here: judging (results.py).
"""

import os
import shutil
from pathlib import Path

from pipelines import flow
from pipelines.contract.results import COUNTS, RESULTS
from pipelines.duck import connect
from pipelines.evidence.results import BY, Counts
from pipelines.extract import landing
from pipelines.extract.landing import Attempt, Snapshot
from pipelines.history.judged import keep, read_judged
from pipelines.history.state import read_state
from pipelines.home import Home, private_folder
from pipelines.load.parquet import rows_in
from pipelines.problem import Problem


def home_of(home: Home, snapshot: Snapshot, folder: Path) -> Home:
    """Make a home in `folder` that ends with `snapshot`. Raises Problem where what came before it is landed no more."""
    past = Home(folder)
    # Scopes are read side by side: those of one run begin before any of them ends.
    landed = [
        one
        for one in landing.snapshots(home)
        if one.as_of <= (snapshot.as_of if one.scope == snapshot.scope else snapshot.finished_at)
    ]
    for scope in dict.fromkeys(one.scope for one in landed):
        mine = [one for one in landed if one.scope == scope]
        _whole(home, scope, mine)
        for one in mine:
            shutil.copytree(
                home.landed(scope, one.snapshot_id), past.landed(scope, one.snapshot_id), copy_function=os.link
            )
        landing.write_attempt(past, Attempt(scope, mine[-1].finished_at, None))
        _judged_before(home, past, scope, landing.current(mine))
    flow.normalize_landed(past)
    return past


def counts_of(home: Home, snapshot: Snapshot) -> Counts | None:
    """Return how many results of each kind a snapshot had when it was judged; nothing where that is not kept."""
    entries = read_judged(home, snapshot.scope).entries
    files = next((one.files for one in entries if one.snapshot_id == snapshot.snapshot_id), None)
    if files is None:
        return None
    rows = rows_in(COUNTS, [home.path / name for name in files[COUNTS.name]])
    with connect() as connection:
        by = ", ".join(name.replace("effective_status", "status") for name in BY)
        found = connection.execute(f"SELECT {by}, sum(subjects) FROM {rows} GROUP BY ALL").fetchall()
    return {tuple(key): int(subjects) for *key, subjects in found}


def _whole(home: Home, scope: str, landed: list[Snapshot]) -> None:
    """Refuse a past that begins earlier than what is landed: it would be judged as if nothing had been before."""
    there = {one.snapshot_id for one in landed}
    for folded in read_state(home, scope).folded:
        if folded.snapshot_id <= landed[-1].snapshot_id and folded.snapshot_id not in there:
            raise Problem(
                f"the history of {scope!r} begins with snapshot {folded.snapshot_id}, which is landed no more",
                "Evidence of an older snapshot needs the landing of all before it; make it before they are pruned.",
            )


def _judged_before(home: Home, past: Home, scope: str, newest: list[Snapshot]) -> None:
    """Give the past the results of the snapshots before it, as they were kept."""
    for one in newest:
        judged = read_judged(home, scope).until(one.snapshot_id)
        keep(past, judged)
        for path in (path for table in RESULTS for path in judged.before(home, table, one.snapshot_id)):
            target = past.path / path.relative_to(home.path)
            private_folder(target.parent)
            os.link(path, target)
