"""A temporary home in which an older snapshot is the newest, for evidence of that snapshot.

It contains the snapshots that were landed by then, and the input files of today. Its tables and history are made again
from the snapshots.
"""

import os
import shutil
from pathlib import Path

from pipelines.contract.results import RESULT_COUNTS, RESULTS
from pipelines.errors import EvidenceError
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
from pipelines.warehouse.input_files import find_input_files


def create_snapshot_home(home: Home, snapshot: Snapshot, folder: Path) -> Home:
    """Create a home in `folder` whose newest snapshot is `snapshot`. Raise EvidenceError if earlier ones are pruned."""
    snapshot_home = Home(folder)
    for attempt in _attempts_at(home, snapshot):
        write_attempt(snapshot_home, attempt)
        scope = attempt.scope
        landed = read_snapshots(home, scope)
        _require_all_landed(home, attempt, landed)
        earlier = [other for other in landed if other.finished_at <= attempt.at]
        for other in earlier:
            shutil.copytree(
                home.landed(scope, other.snapshot_id),
                snapshot_home.landed(scope, other.snapshot_id),
                copy_function=os.link,
            )
        for newest in newest_complete(earlier):
            _link_earlier_results(home, snapshot_home, newest)
    for path in find_input_files(home):
        make_private_folder(snapshot_home.inputs)
        shutil.copy2(path, snapshot_home.inputs)  # with its modified time; a link would not reach another file system
    normalize_landed(snapshot_home)
    return snapshot_home


def recorded_counts(home: Home, snapshot: Snapshot, companion: Snapshot) -> Counts | None:
    """Return the number of results that the result history has of `snapshot`.

    Return None if it has none, or if `snapshot` was evaluated again later, without `companion` being current.
    """
    entry = read_result_history(home, snapshot.scope).of(snapshot.snapshot_id)
    other = read_result_history(home, companion.scope).of(companion.snapshot_id)
    if entry is None or other is None or entry.attempts != other.attempts:
        return None
    rows = select_rows(RESULT_COUNTS, [home.path / name for name in entry.files[RESULT_COUNTS.name]])
    with explain_damage(home), connect() as connection:
        connection.execute(f"CREATE SCHEMA {RESULT_COUNTS.schema}")
        connection.execute(f"CREATE VIEW {RESULT_COUNTS.relation} AS SELECT * FROM {rows}")
        counts = connection.execute(read_query("evidence/recorded_counts")).fetchall()
    return {tuple(key): int(subjects) for *key, subjects in counts}


def _attempts_at(home: Home, snapshot: Snapshot) -> list[Attempt]:
    """Return how the last reading of each scope had ended when `snapshot` was evaluated."""
    entry = read_result_history(home, snapshot.scope).of(snapshot.snapshot_id)
    if entry:
        return [Attempt(scope, at, problem) for scope, (at, problem) in entry.attempts.items()]
    # The result history no longer has the snapshot: require every scope that had snapshots by then.
    for attempt in read_attempts(home, read_snapshots(home)):
        _require_all_landed(
            home, Attempt(attempt.scope, snapshot.finished_at, None), read_snapshots(home, attempt.scope)
        )
    # Scopes are read in parallel: all readings of a run begin before any of them ends.
    same_run = [other for other in read_snapshots(home) if other.as_of <= snapshot.finished_at]
    ended = {other.scope: other.finished_at for other in same_run} | {snapshot.scope: snapshot.finished_at}
    return [Attempt(scope, at, None) for scope, at in ended.items()]


def _require_all_landed(home: Home, attempt: Attempt, landed: list[Snapshot]) -> None:
    """Raise EvidenceError if a snapshot before `attempt` is pruned: results would miss its effects."""
    landed_ids = {snapshot.snapshot_id for snapshot in landed}
    for folded in read_history(home, attempt.scope).folded:
        if folded.as_of <= attempt.at and folded.snapshot_id not in landed_ids:
            raise EvidenceError(
                f"snapshot {folded.snapshot_id} of {attempt.scope!r} is required and no longer landed",
                "Evidence of an older snapshot needs all snapshots before it. Write it before they are pruned.",
            )


def _link_earlier_results(home: Home, snapshot_home: Home, snapshot: Snapshot) -> None:
    """Link the results of all snapshots before `snapshot` into `snapshot_home`."""
    history = read_result_history(home, snapshot.scope).until(snapshot.snapshot_id)
    write_result_history(snapshot_home, history)
    for path in (path for table in RESULTS for path in history.before(home, table, snapshot.snapshot_id)):
        target = snapshot_home.path / path.relative_to(home.path)
        make_private_folder(target.parent)
        os.link(path, target)
