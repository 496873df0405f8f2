"""The run of one scope: what it needs, and how it is cancelled while its thread is blocked."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.config import SANDBOX, ReadSettings
from pipelines.errors import ConfigurationError
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.redactor import Redactor
from pipelines.extract.scope import Scope
from pipelines.extract.watchdog import Watchdog, cancelled_error
from pipelines.landing.manifest import scope_locations
from pipelines.landing.writer import SnapshotWriter
from pipelines.storage.home import Home

Progress = Callable[[str, int, int], None]  # scope, details read, details to read


class ScopeLocations:
    """Project and region of each scope of a home, so that none is counted twice. Safe for many threads."""

    def __init__(self, home: Home) -> None:
        """Begin with what is landed. The sandbox has no location."""
        self._home = home
        self._lock = threading.Lock()
        self._locations = {scope: location for scope, location in scope_locations(home).items() if scope != SANDBOX}

    def claim(self, scope: Scope) -> None:
        """Record the location of `scope`. Raise ConfigurationError if another scope has the same."""
        if scope.name == SANDBOX:
            return
        with self._lock:
            for other, (project_id, region) in self._locations.items():
                is_same_region = region == scope.region or None in (region, scope.region)
                if other != scope.name and project_id == scope.project_id and is_same_region:
                    raise ConfigurationError(
                        f"cloud {scope.name!r} is project {project_id} in region {scope.region or 'unset'}, "
                        f"which {self._home.path} has as {other!r}: all of it would be counted twice",
                        "Name only one of the two in CBR_CLOUDS; an entry that was renamed needs its old name.",
                    )
            self._locations[scope.name] = (scope.project_id, scope.region)


@dataclass(slots=True)
class ScopeRun:
    """The reading of one scope. Nothing is read before `land_scope` gets it."""

    home: Home
    scope: str
    settings: ReadSettings
    limiters: RateLimiters
    locations: ScopeLocations
    progress: Progress = lambda *_: None
    entry: str | None = None  # of clouds.yaml, if the scope is a project that IAM listed for it
    watchdog: Watchdog = field(default_factory=Watchdog)
    redactor: Redactor = field(default_factory=Redactor)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writer: SnapshotWriter | None = None

    def open_writer(self, open_: Callable[[], SnapshotWriter]) -> SnapshotWriter:
        """Return the writer that `open_` opens. Raise ServiceError if the run was cancelled."""
        with self._lock:
            if self.watchdog.is_cancelled:
                raise cancelled_error(self.scope)
            self._writer = open_()
            return self._writer

    def cancel(self) -> None:
        """Cancel the run: when this returns, its threads change nothing in the home any more."""
        self.watchdog.cancel()
        with self._lock:
            if self._writer:
                self._writer.close()
