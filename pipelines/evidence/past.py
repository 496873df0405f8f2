"""A home as it was when an older snapshot was the newest: what the evidence of that one is judged from.

Belongs here: which snapshots it has, and the history made anew from them. A home enters; another one leaves, in a
folder that the caller throws away. Does not belong here: judging (results.py).
"""

import os
import shutil
from pathlib import Path

from pipelines.contract.results import RESULT_COUNTS, RESULTS
from pipelines.errors import WarehouseError
from pipelines.evidence.results import Counts
from pipelines.flow.normalize import normalize_landed
from pipelines.history.manifest import read_history
from pipelines.history.results import read_result_history, write_result_history
from pipelines.landing.attempts import Attempt, read_attempts, write_attempt
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.models.files import read_query
from pipelines.storage.connection import connect
from pipelines.storage.files import make_private_folder
from pipelines.storage.home import Home
from pipelines.storage.parquet import explain_damage, select_rows


def home_of(home: Home, snapshot: Snapshot, folder: Path) -> Home:
    """Create a home in `folder` that ends with `snapshot`. Raise WarehouseError if earlier snapshots are pruned."""
    past = Home(folder)
    for attempt in _attempts(home, snapshot):
        write_attempt(past, attempt)
        scope = attempt.scope
        landed = read_snapshots(home, scope)
        _whole(home, attempt, landed)
        mine = [one for one in landed if one.finished_at <= attempt.at]
        if not mine:
            continue
        for one in mine:
            shutil.copytree(
                home.landed(scope, one.snapshot_id), past.landed(scope, one.snapshot_id), copy_function=os.link
            )
        _judged_before(home, past, scope, newest_complete(mine))
    normalize_landed(past)
    return past


def counts_of(home: Home, snapshot: Snapshot, beside: Snapshot) -> Counts | None:
    """Return how many results of each kind a snapshot had when it was judged.

    Nothing where that is not kept, or where it was judged again without `beside`, a snapshot of its run.
    """
    entry = read_result_history(home, snapshot.scope).of(snapshot.snapshot_id)
    other = read_result_history(home, beside.scope).of(beside.snapshot_id)
    if entry is None or other is None or entry.attempts != other.attempts:
        return None
    rows = select_rows(RESULT_COUNTS, [home.path / name for name in entry.files[RESULT_COUNTS.name]])
    with explain_damage(home), connect() as connection:
        connection.execute(f"CREATE SCHEMA {RESULT_COUNTS.schema}")
        connection.execute(f"CREATE VIEW {RESULT_COUNTS.relation} AS SELECT * FROM {rows}")
        found = connection.execute(read_query("evidence/kept_counts")).fetchall()
    return {tuple(key): int(subjects) for *key, subjects in found}


def _attempts(home: Home, snapshot: Snapshot) -> list[Attempt]:
    """Return how the last reading of each scope had ended when a snapshot was judged."""
    entry = read_result_history(home, snapshot.scope).of(snapshot.snapshot_id)
    if entry:
        return [Attempt(scope, at, problem) for scope, (at, problem) in entry.attempts.items()]
    # Not told apart any more: no scope may be missing of which something was known by then.
    for one in read_attempts(home, read_snapshots(home)):
        _whole(home, Attempt(one.scope, snapshot.finished_at, None), read_snapshots(home, one.scope))
    # Scopes are read side by side: those of one run begin before any of them ends.
    beside = [one for one in read_snapshots(home) if one.as_of <= snapshot.finished_at]
    ended = {one.scope: one.finished_at for one in beside} | {snapshot.scope: snapshot.finished_at}
    return [Attempt(scope, at, None) for scope, at in ended.items()]


def _whole(home: Home, attempt: Attempt, landed: list[Snapshot]) -> None:
    """Refuse a past of which something is landed no more: it would be judged as if that had never been."""
    there = {one.snapshot_id for one in landed}
    for folded in read_history(home, attempt.scope).folded:
        if folded.as_of <= attempt.at and folded.snapshot_id not in there:
            raise WarehouseError(
                f"snapshot {folded.snapshot_id} of {attempt.scope!r} belongs to that past, and is landed no more",
                "Evidence of an older snapshot needs the landing of all before it; make it before they are pruned.",
            )


def _judged_before(home: Home, past: Home, scope: str, newest: list[Snapshot]) -> None:
    """Give the past the results of the snapshots before it, as they were kept."""
    for one in newest:
        judged = read_result_history(home, scope).until(one.snapshot_id)
        write_result_history(past, judged)
        for path in (path for table in RESULTS for path in judged.before(home, table, one.snapshot_id)):
            target = past.path / path.relative_to(home.path)
            make_private_folder(target.parent)
            os.link(path, target)
