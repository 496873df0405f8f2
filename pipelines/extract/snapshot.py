"""One scope, read whole -> one landed snapshot; all scopes, side by side.

Belongs here: the order of the steps, and what the manifest says in the end. Each step is a module of this
folder. A scope that fails does not stop the others.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial

from pipelines import clock
from pipelines.config import SANDBOX, Settings
from pipelines.errors import ServiceError, WarehouseError
from pipelines.extract.client import Client
from pipelines.extract.details import read_details, reuse, shown_id, still_listed, unchanged, wanted
from pipelines.extract.listing import Listing, gone, read_list
from pipelines.extract.pace import Pacers
from pipelines.extract.scope import Scope, open_scope
from pipelines.extract.secrets import Redactor
from pipelines.extract.served import began
from pipelines.extract.watch import Watch, in_background, stalled, stopped
from pipelines.landing.attempts import Attempt, previous_failures, write_attempt
from pipelines.landing.maintenance import find_damage
from pipelines.landing.manifest import SHOW, Snapshot, newest_complete, read_snapshots, scope_locations
from pipelines.landing.resume import Source, open_snapshot
from pipelines.landing.writer import SnapshotWriter
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # scope, details read, details to read

# The sandbox of this process has no quota to spare.
UNPACED = 1e6  # requests a second
CONFIRM_SECONDS = 60.0  # between two readings of a list that has lost most of its backups
LOOK_SECONDS = 1.0  # how often it is looked whether readings get on


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """What became of one scope: a snapshot, or the problem that kept it from one."""

    scope: str
    snapshot: Snapshot | None = None
    problem: WarehouseError | None = None


class ScopeLocations:
    """Which project and region each scope of a home is, so that none is counted twice. Safe for many threads."""

    def __init__(self, home: Home) -> None:
        """Begin with what is landed; the sandbox is no place of anybody's."""
        self._home = home
        self._lock = threading.Lock()
        self._of = {scope: place for scope, place in scope_locations(home).items() if scope != SANDBOX}

    def claim(self, scope: Scope) -> None:
        """Take the place of `scope`. Raises WarehouseError if another scope has it."""
        if scope.name == SANDBOX:
            return
        with self._lock:
            for other, (project_id, region) in self._of.items():
                is_same_region = region == scope.region or None in (region, scope.region)
                if other != scope.name and project_id == scope.project_id and is_same_region:
                    raise ServiceError(
                        f"cloud {scope.name!r} is project {project_id} in region {scope.region or 'unset'}, "
                        f"which {self._home.path} has as {other!r}: all of it would be counted twice",
                        "Name only one of the two in CBR_CLOUDS; an entry that was renamed needs its old name.",
                    )
            self._of[scope.name] = (scope.project_id, scope.region)


class ScopeRun:
    """The reading of one scope, which may be given up while its thread is blocked."""

    def __init__(self, scope: str, places: ScopeLocations) -> None:
        """Nothing is read before `land` is called."""
        self.scope = scope
        self.places = places
        self.watch = Watch()
        self.redactor = Redactor()
        self._lock = threading.Lock()
        self._draft: SnapshotWriter | None = None

    def open_writer(self, make: Callable[[], SnapshotWriter]) -> SnapshotWriter:
        """Return the draft that `make` opens. Raises WarehouseError if the reading was given up."""
        with self._lock:
            if self.watch.is_stopped:
                raise stopped(self.scope)
            self._draft = make()
            return self._draft

    def give_up(self) -> None:
        """End the reading: when this returns, its threads change nothing in the home any more."""
        self.watch.stop()
        with self._lock:
            if self._draft:
                self._draft.close()


def land_scopes(home: Home, settings: Settings, progress: Progress) -> list[ScopeResult]:
    """Read every cloud of the settings side by side; return what became of each, in their order.

    A reading that gives no sign of life is given up: neither the others nor the home wait for it.
    """
    pacers = {False: Pacers(settings.reading.requests_per_second), True: Pacers(UNPACED)}
    places = ScopeLocations(home)
    runs = [ScopeRun(name, places) for name in settings.clouds]
    readings: dict[str, ScopeResult] = {}

    def end(run: ScopeRun, reading: ScopeResult) -> None:
        readings[run.scope] = reading
        with disk_errors(home.path):
            write_attempt(home, _attempt(home, reading))

    pending: dict[Future[ScopeResult], ScopeRun] = {}
    try:
        for run in runs:
            read = partial(_read, home, settings, pacers[run.scope == SANDBOX], progress, run)
            pending[in_background(f"scope {run.scope}", read)] = run
        while pending:
            done, _ = wait(pending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future, run in list(pending.items()):
                if run.watch.is_stalled and future not in done:
                    run.give_up()
                    done |= {future}
                if future in done:
                    end(
                        pending.pop(future),
                        future.result() if future.done() else ScopeResult(run.scope, problem=stalled(run.scope)),
                    )
    finally:
        for run in runs:
            run.give_up()
    return [readings[name] for name in settings.clouds]


def _attempt(home: Home, reading: ScopeResult) -> Attempt:
    problem = reading.problem
    if problem is None:
        return Attempt(reading.scope, clock.utc_now(), None)
    failures = 1 + previous_failures(home, reading.scope)
    return Attempt(reading.scope, clock.utc_now(), str(problem), problem.transient, failures)


def _read(home: Home, settings: Settings, pacers: Pacers, progress: Progress, run: ScopeRun) -> ScopeResult:
    try:
        return ScopeResult(run.scope, land_scope(home, run.scope, settings, pacers, progress, run))
    except WarehouseError as problem:
        return ScopeResult(run.scope, problem=problem)
    except Exception as error:
        # Whatever it is, it is this scope's alone.
        _log.debug("scope %r: %s", run.scope, run.redactor.clean(traceback.format_exc()))
        what = f"reading cloud {run.scope!r} met what it does not know ({type(error).__name__})"
        return ScopeResult(run.scope, problem=ServiceError(what, "Run again, and report it if it stays."))


def land_scope(
    home: Home,
    name: str,
    settings: Settings,
    pacers: Pacers,
    progress: Progress,
    run: ScopeRun | None = None,
) -> Snapshot:
    """Read the scope called `name` and land it. Raises WarehouseError if it can't be read to its end.

    When `run` is given up, it ends at its next request.
    """
    run = run or ScopeRun(name, ScopeLocations(home))
    reading = settings.reading
    first = began(home) if name == SANDBOX else None
    with open_scope(name, reading, first, run.watch, run.redactor) as scope, disk_errors(home.path):
        run.places.claim(scope)
        client = Client(scope, pacers.of(scope.url), reading.retry_seconds, run.watch)
        source = Source(scope.url, scope.project_id, scope.region, reading.full)
        draft = run.open_writer(partial(open_snapshot, home, name, reading.resume_minutes, source))
        try:
            return _land(home, client, draft, settings, progress)
        finally:
            draft.close()


def _land(home: Home, client: Client, draft: SnapshotWriter, settings: Settings, progress: Progress) -> Snapshot:
    before = _before(home, client, draft)
    is_sound = before is not None and not any(find_damage(home, before))
    listing, confirmed = _confirmed_list(home, client, draft, before, is_sound=is_sound)
    client.watch.alive()
    ids = wanted(listing.items)
    had = {shown_id(line) for line in draft.lines(SHOW)}
    same: set[str] = set()
    if before and is_sound and not settings.reading.full:
        client.watch.alive()
        same = unchanged(home, before, listing.items, draft.as_of.date())
        had |= reuse(home, before, same - had, draft, client.watch)
    reused = len(had & same)
    to_read = [backup_id for backup_id in ids if backup_id not in had]

    def told(done: int) -> None:
        progress(draft.scope, done, len(to_read))

    shown, missing = read_details(client, to_read, draft, settings.reading.concurrency, told)
    # Gone is what is gone when asked again, and what the list does not name any more.
    late, missing = read_details(client, missing, draft, settings.reading.concurrency, lambda _: None)
    vanished = gone(client, missing)
    client.watch.alive()
    return draft.commit(
        complete=listing.problem is None,
        incomplete_reason=listing.problem,
        is_sandbox=client.is_sandbox,
        region=client.scope.region,
        project_id=client.scope.project_id,
        pages=listing.pages,
        looks=listing.looks,
        confirmed=confirmed,
        listed=len(listing.items),
        shown=len(had) - reused + shown + late,
        reused=reused,
        unread=len(missing) - len(vanished),
        vanished=tuple(sorted(vanished)),
        requests=client.tally.requests,
        retries=client.tally.retries,
    )


def _confirmed_list(
    home: Home, client: Client, draft: SnapshotWriter, before: Snapshot | None, *, is_sound: bool
) -> tuple[Listing, bool]:
    """Return the list, and whether it was read a second time because it had lost most of what `before` had.

    A service that forgets a project for a moment says so without a fault: it must say it twice.
    """

    def has_lost_most(listing: Listing) -> bool:
        if before is None or listing.problem is not None:
            return False
        left = still_listed(home, before, listing.items) if is_sound else len(listing.items)
        return 2 * left < before.listed

    listing = read_list(client, draft)
    if not has_lost_most(listing):
        return listing, False
    client.watch.pause(0.0 if draft.scope == SANDBOX else CONFIRM_SECONDS)  # nothing of this process is forgotten
    draft.discard_list()
    second = read_list(client, draft)
    second.looks += listing.looks
    return second, has_lost_most(second)


def _before(home: Home, client: Client, draft: SnapshotWriter) -> Snapshot | None:
    """Return the newest complete snapshot of the same scope and place."""
    before = next(iter(newest_complete(read_snapshots(home, draft.scope))), None)
    place = (client.scope.project_id, client.scope.region)
    return before if before and (before.project_id, before.region) == place else None
