"""Judging snapshots without publishing: runs that were killed before they published, and the demo's past."""

from collections.abc import Iterable

from pipelines.flow.normalize import normalize_landed, normalize_snapshot, update_histories
from pipelines.history.results import RESULT_MODELS, write_result_history, write_results
from pipelines.history.unjudged import unjudged_runs
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.models.project import project
from pipelines.policy.files import find_rule_files
from pipelines.policy.resolve import Rules, read_rules
from pipelines.storage.connection import connect
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.warehouse.inputs import Inputs, read_inputs, snapshots_until
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_sources


def judge_unjudged(home: Home, run_id: str, rules: Rules | None = None) -> None:
    """Judge the snapshots whose runs were killed before they published, oldest first, so that the trend has no gap.

    Call it while the home is locked, before the history folds anything newer. Raise WarehouseError.
    """
    landed = read_snapshots(home)
    for run in unjudged_runs(home, landed):
        until = max(snapshot.finished_at for snapshot in run)
        snapshots = snapshots_until(landed, until)
        update_histories(home, snapshots)
        for snapshot in newest_complete(snapshots):
            normalize_snapshot(home, snapshot)
        _judge(read_inputs(home, run_id, rules or home_rules(home), until), run)


def judge(home: Home, run_id: str) -> None:
    """Judge the newest complete snapshot of each scope and keep the results, without publishing."""
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home)
        inputs = read_inputs(home, run_id, rules)
        _judge(inputs, newest_complete(inputs.snapshots))


def _judge(inputs: Inputs, snapshots: Iterable[Snapshot]) -> None:
    """Build the models of results in memory, and keep the results of `snapshots`."""
    models = project()
    home = inputs.home
    with disk_errors(home.path), connect() as connection:
        fill_sources(connection, inputs, models)
        build_models(connection, models.upstream(RESULT_MODELS))
        for snapshot in snapshots:
            write_result_history(home, write_results(home, connection, snapshot.scope, snapshot.snapshot_id))


def home_rules(home: Home) -> Rules:
    """Return the policies and waivers that a home is judged by. Raise PolicyError with every fault."""
    return read_rules(project().controls, find_rule_files(home))
