"""The steps of one snapshot: open the scope, read its list, reuse or read details, write the manifest.

Each step is a module of this folder. How several scopes are read side by side is in scopes.py.
"""

from dataclasses import replace
from functools import partial

from pipelines.config import SANDBOX
from pipelines.extract.backup_list import BackupList
from pipelines.extract.client import Client
from pipelines.extract.details import read_details, requestable_ids
from pipelines.extract.inputs import InputReader
from pipelines.extract.listing import confirm_deleted, read_list
from pipelines.extract.login import open_scope
from pipelines.extract.reuse import ListComparison, compare_lists, landed_id, reuse_details
from pipelines.extract.run import ScopeRun
from pipelines.extract.sandbox_scope import scenario_start
from pipelines.extract.scope import Scope
from pipelines.landing.maintenance import find_damage
from pipelines.landing.manifest import LIST, SHOW, Snapshot, newest_complete, read_snapshots
from pipelines.landing.resume import Source, open_snapshot
from pipelines.landing.writer import SnapshotWriter
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home

INPUT_RETRY_SECONDS = 60.0  # how long a request of another input is retried: a snapshot does not depend on it
CONFIRM_SECONDS = 60.0  # before a list that has lost most of its backups is read again


def land_scope(run: ScopeRun) -> Snapshot:
    """Read a scope and land its snapshot. Raise WarehouseError if it can't be read to its end.

    When the run is cancelled, it ends at its next request.
    """
    first_day = scenario_start(run.home) if run.scope == SANDBOX else None
    with (
        open_scope(run.scope, run.settings, first_day, run.watchdog, run.redactor) as scope,
        disk_errors(run.home.path),
    ):
        run.locations.claim(scope)
        client = Client(scope, run.limiters.for_url(scope.url), run.settings.retry_seconds, run.watchdog)
        source = Source(scope.url, scope.project_id, scope.region, run.settings.full)
        writer = run.open_writer(partial(open_snapshot, run.home, run.scope, run.settings.resume_minutes, source))
        try:
            return _land(run, client, writer)
        finally:
            writer.close()


def _land(run: ScopeRun, client: Client, writer: SnapshotWriter) -> Snapshot:
    previous = _previous_snapshot(run.home, client.scope)
    reusable = previous if previous and not any(find_damage(run.home, previous)) else None
    backups, comparison, confirmed = _read_confirmed_list(run, client, writer, previous, reusable)
    client.watchdog.heartbeat()
    landed_ids = {landed_id(line) for line in writer.lines(SHOW)}  # by an earlier run that was interrupted
    unchanged_ids = comparison.unchanged_ids
    if reusable and unchanged_ids:
        landed_ids |= reuse_details(run.home, reusable, unchanged_ids - landed_ids, writer, client.watchdog)
    reused = len(landed_ids & unchanged_ids)
    ids_to_read = [backup_id for backup_id in requestable_ids(backups.items) if backup_id not in landed_ids]

    def on_progress(done: int) -> None:
        run.progress(run.scope, done, len(ids_to_read))

    shown, missing_ids = read_details(client, ids_to_read, writer, run.settings.concurrency, on_progress)
    # Deleted is what is not found twice, and what the list does not name any more.
    shown_later, missing_ids = read_details(client, missing_ids, writer, run.settings.concurrency)
    deleted_ids = confirm_deleted(client, missing_ids)
    client.watchdog.heartbeat()
    inputs = _input_reader(run, client.scope, writer)
    readings = inputs.read()
    clients = [client, inputs.client, *([inputs.audit] if inputs.audit else [])]
    return writer.commit(
        complete=backups.problem is None,
        incomplete_reason=backups.problem,
        is_sandbox=client.is_sandbox,
        region=client.scope.region,
        project_id=client.scope.project_id,
        domain_id=client.scope.domain_id,
        pages=backups.pages,
        looks=backups.reads,
        confirmed=confirmed,
        listed=len(backups.items),
        shown=len(landed_ids) - reused + shown + shown_later,
        reused=reused,
        unread=len(missing_ids) - len(deleted_ids),
        vanished=tuple(sorted(deleted_ids)),
        requests=sum(each.count.requests for each in clients),
        retries=sum(each.count.retries for each in clients),
        inputs=readings,
    )


def _input_reader(run: ScopeRun, scope: Scope, writer: SnapshotWriter) -> InputReader:
    def client(url: str) -> Client:
        seconds = min(run.settings.retry_seconds, INPUT_RETRY_SECONDS)
        return Client(replace(scope, url=url), run.limiters.for_url(url), seconds, run.watchdog)

    audit = client(scope.audit_url) if scope.audit_url else None
    previous = [snapshot for snapshot in read_snapshots(run.home, run.scope) if snapshot.complete]
    return InputReader(client(scope.url), audit, writer, previous)


def _read_confirmed_list(
    run: ScopeRun, client: Client, writer: SnapshotWriter, previous: Snapshot | None, reusable: Snapshot | None
) -> tuple[BackupList, ListComparison, bool]:
    """Return the list, how it compares with that of `reusable`, and whether a second read confirmed its losses.

    A service that forgets a project for a moment does so without an error. So a list that has lost most of what
    `previous` had is read a second time.
    """
    backups = read_list(client, writer)
    comparison = _compare(run, writer, backups, reusable)
    if not _has_lost_most(backups, comparison, previous):
        return backups, comparison, False
    client.watchdog.sleep(0.0 if run.scope == SANDBOX else CONFIRM_SECONDS)  # the sandbox forgets nothing
    writer.discard(LIST)
    reads = backups.reads
    backups = read_list(client, writer)
    backups.reads += reads
    comparison = _compare(run, writer, backups, reusable)
    return backups, comparison, _has_lost_most(backups, comparison, previous)


def _compare(run: ScopeRun, writer: SnapshotWriter, backups: BackupList, reusable: Snapshot | None) -> ListComparison:
    if reusable is None:
        return ListComparison(still_listed=len(backups.items))
    comparison = compare_lists(run.home, reusable, backups.items, writer.as_of.date())
    if run.settings.full:
        comparison.unchanged_ids.clear()
    return comparison


def _has_lost_most(backups: BackupList, comparison: ListComparison, previous: Snapshot | None) -> bool:
    if previous is None or backups.problem is not None:
        return False
    return 2 * comparison.still_listed < previous.listed


def _previous_snapshot(home: Home, scope: Scope) -> Snapshot | None:
    """Return the newest complete snapshot of the same scope, project and region."""
    previous = next(iter(newest_complete(read_snapshots(home, scope.name))), None)
    location = (scope.project_id, scope.region)
    return previous if previous and (previous.project_id, previous.region) == location else None
