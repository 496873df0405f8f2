"""The requests of one scope, within the rate limit, repeated while an error is transient.

Each body is checked to be what was asked for, and returned both as sent and parsed. What a response means is in
responses.py; which requests a snapshot needs is in snapshot.py.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from tenacity import RetryCallState

from pipelines.errors import ConfigurationError, ServiceError
from pipelines.extract.rate_limit import RateLimiter
from pipelines.extract.responses import (
    ForbiddenError,
    NotFoundError,
    ThrottledError,
    TokenRejectedError,
    TransientError,
    parse_response,
)
from pipelines.extract.retry import retrying
from pipelines.extract.scope import Scope
from pipelines.extract.watchdog import Watchdog, cancelled_error
from pipelines.landing.wire import id_of

# Rejected so often in a row, new tokens are not the reason.
MAX_TOKENS = 5
SORT = "created_at:asc,id:asc"  # a total order in which new backups come last
PAGE_SIZE = 1000  # the most that ListBackups returns at a time
_SANDBOX_SERVER = "cbr-warehouse-sandbox"


class Body(NamedTuple):
    """The body of a response, as sent and parsed."""

    content: bytes
    parsed: dict[str, Any]


@dataclass(slots=True)
class RequestCount:
    """The requests of one scope; `retries` are those that repeat another one."""

    requests: int = 0
    retries: int = 0


@dataclass(slots=True)
class _Request:
    path: str
    is_expected: Callable[[dict[str, Any]], bool]
    rejected_tokens: int = 0


class Client:
    """Sends the requests of one scope. Safe for many threads."""

    def __init__(
        self, scope: Scope, limiter: RateLimiter, retry_seconds: float, watchdog: Watchdog | None = None
    ) -> None:
        """Send nothing yet. `retry_seconds` bounds how long one request is repeated.

        Once `watchdog` is cancelled, nothing more is sent and no thread goes on waiting.
        """
        self.watchdog = watchdog or Watchdog()
        self.scope = scope
        self.count = RequestCount()
        self.is_sandbox = False
        self._limiter = limiter
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()

    def list_page(self, offset: int) -> Body:
        """Return one page of ListBackups: up to PAGE_SIZE backups from record `offset`."""
        query = f"limit={PAGE_SIZE}&offset={offset}&sort={quote(SORT, safe='')}&show_replication=true"
        try:
            return self.get(f"/backups?{query}", lambda body: isinstance(body.get("backups"), list))
        except ForbiddenError as error:
            raise self._may_not_read(error) from None
        except NotFoundError as error:
            raise ConfigurationError(
                f"cloud {self.scope.name!r} has no backups service at {self.scope.url}: {error}",
                "Check region_name and cbr_endpoint_override of this cloud in clouds.yaml.",
            ) from None

    def show_backup(self, backup_id: str) -> Body:
        """Return ShowBackup of `backup_id`. Raise NotFoundError if CBR says that it does not exist."""

        def is_that_backup(body: dict[str, Any]) -> bool:
            return id_of(body.get("backup")) == backup_id

        try:
            return self.get(f"/backups/{quote(backup_id, safe='')}", is_that_backup)
        except ForbiddenError as error:
            raise self._may_not_read(error) from None

    def get(self, path: str, is_expected: Callable[[dict[str, Any]], bool]) -> Body:
        """Return what the service has at `path`, requested again and again while the error is transient.

        Raise NotFoundError, ForbiddenError, or ServiceError if there is no valid response in time.
        """
        request = _Request(path, is_expected)
        send = retrying(
            lambda error: isinstance(error, TransientError),
            self._retry_seconds,
            self._count_retry,
            self.watchdog.sleep,
        )
        try:
            return send(self._get_once, request)
        except TransientError as error:
            raise ServiceError(
                f"cloud {self.scope.name!r} at {self.scope.url} "
                f"gave no valid response in {self._retry_seconds:g} s: {error}",
                "Check the network, or run again later: what was read is kept and continued.",
                transient=True,
            ) from None

    def _may_not_read(self, error: ForbiddenError) -> ServiceError:
        return ServiceError(
            f"cloud {self.scope.name!r} may not read its backups: {error}",
            "Grant its user CBR ReadOnlyAccess on this project, and check that the service is open to it.",
        )

    def _get_once(self, request: _Request) -> Body:
        self.watchdog.heartbeat()
        headers = {"Accept": "application/json", **self.scope.auth_headers()}
        slot = self._limiter.wait(self.watchdog.sleep)
        if self.watchdog.is_cancelled:
            raise cancelled_error(self.scope.name)
        self.watchdog.heartbeat()
        with self._lock:
            self.count.requests += 1
        try:
            response = self.scope.get(request.path, headers)
            parsed = parse_response(response, self.scope.name, self.scope.redactor)
        except ThrottledError as error:
            self._limiter.throttled(str(error), slot)
            raise
        except TokenRejectedError as error:
            self._renew_token(request, headers, error)
            raise
        self._limiter.succeeded()
        if not request.is_expected(parsed):
            raise TransientError("200 with another body than was requested")
        self.is_sandbox |= str(response.headers.get("Server", "")).startswith(_SANDBOX_SERVER)
        return Body(response.content, parsed)

    def _renew_token(self, request: _Request, headers: dict[str, str], error: TokenRejectedError) -> None:
        request.rejected_tokens += 1
        if request.rejected_tokens >= MAX_TOKENS:
            raise ServiceError(
                f"cloud {self.scope.name!r} at {self.scope.url} keeps refusing its credentials: {error}",
                "Check its key or user, that the endpoint is of the region of auth_url, and this machine's clock.",
            ) from None
        self.scope.credentials.renew(headers)

    def _count_retry(self, _state: RetryCallState) -> None:
        with self._lock:
            self.count.retries += 1
