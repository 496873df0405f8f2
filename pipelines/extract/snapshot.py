"""One scope, read whole -> one landed snapshot; all scopes, side by side.

Belongs here: the order of the steps, and what the manifest says in the end. Each step is a module of this
folder. A scope that fails does not stop the others.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipelines import clock
from pipelines.config import SANDBOX, Settings
from pipelines.extract import landing
from pipelines.extract.client import Client
from pipelines.extract.details import read_details, reuse, shown_id, unchanged, wanted
from pipelines.extract.draft import Draft, begin
from pipelines.extract.keep import damages
from pipelines.extract.landing import SHOW, Attempt, Snapshot
from pipelines.extract.listing import gone, read_list
from pipelines.extract.pace import Pacers
from pipelines.extract.scope import open_scope
from pipelines.extract.served import began
from pipelines.home import Home, writing
from pipelines.problem import Problem

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # scope, details read, details to read

# The sandbox of this process has no quota to spare.
UNPACED = 1e6  # requests a second


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one scope: a snapshot, or the problem that kept it from one."""

    scope: str
    snapshot: Snapshot | None = None
    problem: Problem | None = None


def land_all(home: Home, settings: Settings, progress: Progress) -> list[Reading]:
    """Read every cloud of the settings side by side; return what became of each, in their order."""
    pacers = {False: Pacers(settings.reading.requests_per_second), True: Pacers(UNPACED)}
    stops = {name: threading.Event() for name in settings.clouds}

    def read(name: str) -> Reading:
        try:
            snapshot = land(home, name, settings, pacers[name == SANDBOX], progress, stops[name])
            reading = Reading(name, snapshot)
        except Problem as problem:
            reading = Reading(name, problem=problem)
        except Exception as error:
            # Whatever it is, it is this scope's alone. Its text may quote what nobody should see.
            _log.debug("scope %r", name, exc_info=True)
            what = f"reading cloud {name!r} met what it does not know ({type(error).__name__})"
            reading = Reading(name, problem=Problem(what, "Run again, and report it if it stays."))
        with writing(home.path):
            said = None if reading.problem is None else str(reading.problem)
            landing.write_attempt(home, Attempt(name, clock.utc_now(), said))
        return reading

    pool = ThreadPoolExecutor(len(settings.clouds), thread_name_prefix="scope")
    try:
        return list(pool.map(read, settings.clouds))
    finally:
        for stop in stops.values():
            stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def land(
    home: Home,
    name: str,
    settings: Settings,
    pacers: Pacers,
    progress: Progress,
    stop: threading.Event | None = None,
) -> Snapshot:
    """Read the scope called `name` and land it. Raises Problem where it can't be read to its end.

    When `stop` is set, it ends at its next request.
    """
    reading = settings.reading
    first = began(home) if name == SANDBOX else None
    with open_scope(name, reading.concurrency, first) as scope, writing(home.path):
        client = Client(scope, pacers.of(scope.url), reading.retry_seconds, stop)
        place = {"url": scope.url, "project_id": scope.project_id, "region": scope.region, "full": reading.full}
        draft = begin(home, name, reading.resume_minutes, place)
        try:
            return _land(home, client, draft, settings, progress)
        finally:
            draft.close()


def _land(home: Home, client: Client, draft: Draft, settings: Settings, progress: Progress) -> Snapshot:
    listing = read_list(client, draft)
    ids = wanted(listing.items)
    had = {shown_id(line) for line in draft.lines(SHOW)}
    same: set[str] = set()
    if before := None if settings.reading.full else _before(home, client, draft):
        same = unchanged(home, before, listing.items, draft.as_of.date())
        had |= reuse(home, before, same - had, draft)
    reused = len(had & same)
    to_read = [backup_id for backup_id in ids if backup_id not in had]

    def told(done: int) -> None:
        progress(draft.scope, done, len(to_read))

    shown, missing = read_details(client, to_read, draft, settings.reading.concurrency, told)
    # Gone is what is gone when asked again, and what the list does not name any more.
    late, missing = read_details(client, missing, draft, settings.reading.concurrency, lambda _: None)
    vanished = gone(client, missing)
    return draft.commit(
        complete=listing.problem is None,
        incomplete_reason=listing.problem,
        is_sandbox=client.is_sandbox,
        region=client.scope.region,
        project_id=client.scope.project_id,
        pages=listing.pages,
        looks=listing.looks,
        listed=len(listing.items),
        shown=len(had) - reused + shown + late,
        reused=reused,
        unread=len(missing) - len(vanished),
        vanished=tuple(sorted(vanished)),
        requests=client.tally.requests,
        retries=client.tally.retries,
    )


def _before(home: Home, client: Client, draft: Draft) -> Snapshot | None:
    """Return the newest complete snapshot of the same scope and place, if all its parts are what they were."""
    before = next(iter(landing.current(landing.snapshots(home, draft.scope))), None)
    place = (client.scope.project_id, client.scope.region)
    if before is None or (before.project_id, before.region) != place or any(damages(home, before)):
        return None
    return before
