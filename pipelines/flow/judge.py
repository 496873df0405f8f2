"""Judging snapshots without publishing: runs that were killed before they published, and the demo's past."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from pipelines.flow.normalize import normalize_landed, normalize_snapshot
from pipelines.history.results import RESULT_MODELS, write_result_history, write_results
from pipelines.history.unjudged import unjudged_runs
from pipelines.history.update import update_history
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.models.project import project
from pipelines.policy.files import find_rule_files
from pipelines.policy.resolve import Rules, read_rules
from pipelines.storage.connection import connect
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_sources, snapshots_until


def judge_unjudged(home: Home, run_id: str, rules: Rules | None = None) -> None:
    """Judge the snapshots whose runs were killed before they published, in their order: no day lacks in the trend.

    Call it while the home is locked, before the history takes in anything newer. Raises WarehouseError.
    """
    for reading in unjudged_runs(home, read_snapshots(home)):
        until = max(snapshot.finished_at for snapshot in reading)
        landed = snapshots_until(home, until)
        for scope in dict.fromkeys(snapshot.scope for snapshot in landed):
            update_history(
                home, scope, [one for one in landed if one.scope == scope], partial(normalize_snapshot, home)
            )
        for snapshot in newest_complete(landed):
            normalize_snapshot(home, snapshot)
        _judge(home, run_id, rules or home_rules(home), reading, until)


def judge(home: Home, run_id: str) -> None:
    """Judge the newest complete snapshot of each scope and keep the results; publish nothing. Raises WarehouseError."""
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home)
        _judge(home, run_id, rules, newest_complete(read_snapshots(home)))


def _judge(home: Home, run_id: str, rules: Rules, snapshots: Iterable[Snapshot], until: datetime | None = None) -> None:
    """Judge by what was read until then, or by all, and keep the results of `snapshots`."""
    models = project()
    with disk_errors(home.path), connect() as connection:
        fill_sources(connection, home, run_id, models, rules, until)
        build_models(connection, models.towards(RESULT_MODELS))
        for snapshot in snapshots:
            write_result_history(home, write_results(home, connection, snapshot.scope, snapshot.snapshot_id))


def home_rules(home: Home) -> Rules:
    """Return the rules that a home is judged by. Raises WarehouseError with every fault."""
    return read_rules(project().controls, find_rule_files(home))
