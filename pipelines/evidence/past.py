"""A home as it was when an older snapshot was the newest: what the evidence of that one is judged from.

Belongs here: which snapshots it has, and the history made anew from them. A home enters; another one leaves, in a
folder that the caller throws away. Does not belong here: judging (results.py).
"""

import os
import shutil
from datetime import datetime
from pathlib import Path

from pipelines import flow
from pipelines.contract.results import COUNTS, RESULTS
from pipelines.duck import connect
from pipelines.evidence.results import Counts
from pipelines.extract import landing
from pipelines.extract.landing import Attempt, Snapshot
from pipelines.history.judged import keep, read_judged
from pipelines.history.state import read_state
from pipelines.home import Home, private_folder
from pipelines.load.parquet import reading, rows_in
from pipelines.models.files import read_query
from pipelines.problem import Problem


def home_of(home: Home, snapshot: Snapshot, folder: Path) -> Home:
    """Make a home in `folder` that ends with `snapshot`. Raises Problem where what came before it is landed no more."""
    past = Home(folder)
    for attempt in _attempts(home, snapshot):
        landing.write_attempt(past, attempt)
        scope = attempt.scope
        landed = landing.snapshots(home, scope)
        _whole(home, attempt, landed)
        mine = [one for one in landed if one.finished_at <= attempt.at]
        if not mine:
            continue
        for one in mine:
            shutil.copytree(
                home.landed(scope, one.snapshot_id), past.landed(scope, one.snapshot_id), copy_function=os.link
            )
        _judged_before(home, past, scope, landing.current(mine))
    flow.normalize_landed(past)
    return past


def counts_of(home: Home, snapshot: Snapshot, beside: Snapshot) -> Counts | None:
    """Return how many results of each kind a snapshot had when it was judged.

    Nothing where that is not kept, or where it was judged again without `beside`, a snapshot of its run.
    """
    entry = read_judged(home, snapshot.scope).of(snapshot.snapshot_id)
    other = read_judged(home, beside.scope).of(beside.snapshot_id)
    if entry is None or other is None or entry.read != other.read:
        return None
    kept = rows_in(COUNTS, [home.path / name for name in entry.files[COUNTS.name]])
    with reading(home), connect() as connection:
        connection.execute(f"CREATE SCHEMA {COUNTS.schema}")
        connection.execute(f"CREATE VIEW {COUNTS.relation} AS SELECT * FROM {kept}")
        found = connection.execute(read_query("evidence/kept_counts")).fetchall()
    return {tuple(key): int(subjects) for *key, subjects in found}


def _attempts(home: Home, snapshot: Snapshot) -> list[Attempt]:
    """Return how the last reading of each scope had ended when a snapshot was judged."""
    entry = read_judged(home, snapshot.scope).of(snapshot.snapshot_id)
    if entry:
        return [Attempt(scope, datetime.fromisoformat(at), problem) for scope, (at, problem) in entry.read.items()]
    # Not told apart any more: no scope may be missing of which something was known by then.
    for one in landing.attempts(home):
        _whole(home, Attempt(one.scope, snapshot.finished_at, None), landing.snapshots(home, one.scope))
    # Scopes are read side by side: those of one run begin before any of them ends.
    beside = [one for one in landing.snapshots(home) if one.as_of <= snapshot.finished_at]
    ended = {one.scope: one.finished_at for one in beside} | {snapshot.scope: snapshot.finished_at}
    return [Attempt(scope, at, None) for scope, at in ended.items()]


def _whole(home: Home, attempt: Attempt, landed: list[Snapshot]) -> None:
    """Refuse a past of which something is landed no more: it would be judged as if that had never been."""
    there = {one.snapshot_id for one in landed}
    for folded in read_state(home, attempt.scope).folded:
        if datetime.fromisoformat(folded.as_of) <= attempt.at and folded.snapshot_id not in there:
            raise Problem(
                f"snapshot {folded.snapshot_id} of {attempt.scope!r} belongs to that past, and is landed no more",
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
