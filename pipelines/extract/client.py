"""Requests for backups: one at a time for a thread, paced, and tried again while a fault may pass.

Belongs here: sending, trying again, renewing what lets us in. Does not belong here: what an answer means
(answers.py), how fast is too fast (pace.py), which requests a snapshot needs (snapshot.py). A Scope enters;
bodies leave as the bytes that were sent, checked to be what was asked for. Safe for many threads.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from keystoneauth1 import exceptions as refusals
from tenacity import RetryCallState

from pipelines.errors import ServiceError, WarehouseError
from pipelines.extract.answers import Passing, Throttled, TokenLost, Vanished, body_of
from pipelines.extract.pace import Pacer
from pipelines.extract.retry import retrying
from pipelines.extract.scope import Scope, is_misspelt, transient
from pipelines.extract.watch import Watch, stopped
from pipelines.landing.wire import id_of

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60  # seconds
# So often in a row a service may refuse tokens that are new; then it is not the token.
MOST_TOKENS = 5
SORT = "created_at:asc,id:asc"  # a total order, in which what is new comes last
PAGE = 1000  # the most that ListBackups answers at a time
_SANDBOX_SERVER = "cbr-warehouse-sandbox"

Wanted = Callable[[dict[str, Any]], bool]
Answer = tuple[bytes, dict[str, Any]]  # as sent, as parsed


@dataclass(slots=True)
class Tally:
    """What the requests of one scope added up to."""

    requests: int = 0
    retries: int = 0


class Client:
    """Reads the backups of one scope."""

    def __init__(self, scope: Scope, pacer: Pacer, retry_seconds: float, watch: Watch | None = None) -> None:
        """Nothing is sent before the first read. `retry_seconds` bounds how long one request is tried.

        Once `watch` is stopped, nothing more is sent, and no thread goes on waiting.
        """
        self.watch = watch or Watch()
        self.scope = scope
        self.tally = Tally()
        self.is_sandbox = False
        self._pacer = pacer
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()

    def page(self, offset: int) -> Answer:
        """Return one page of ListBackups: up to PAGE backups from record `offset`."""
        query = f"limit={PAGE}&offset={offset}&sort={quote(SORT, safe='')}&show_replication=true"
        try:
            return self._get(f"/backups?{query}", lambda body: isinstance(body.get("backups"), list))
        except Vanished as answer:
            raise ServiceError(
                f"cloud {self.scope.name!r} has no backups service at {self.scope.url}: {answer}",
                "Check region_name and cbr_endpoint_override of this cloud in clouds.yaml.",
            ) from None

    def show(self, backup_id: str) -> Answer:
        """Return ShowBackup of `backup_id`. Raises Vanished where CBR says that it is not there."""

        def is_asked_for(body: dict[str, Any]) -> bool:
            return id_of(body.get("backup")) == backup_id

        return self._get(f"/backups/{quote(backup_id, safe='')}", is_asked_for)

    def _get(self, path: str, wanted: Wanted) -> Answer:
        refused: list[TokenLost] = []
        patience = self._retry_seconds
        patiently = retrying(
            lambda fault: isinstance(fault, Passing), lambda: patience, self._count_retry, self.watch.pause
        )
        try:
            return patiently(self._once, path, wanted, refused)
        except Passing as last:
            raise ServiceError(
                f"cloud {self.scope.name!r} at {self.scope.url} gave no good answer in {patience:g} s: {last}",
                "Check the network, or run again later: what was read is kept and continued.",
                transient=True,
            ) from None

    def _once(self, path: str, wanted: Wanted, refused: list[TokenLost]) -> Answer:
        self.watch.alive()
        headers = self._headers()
        turn = self._pacer.wait(self.watch.pause)
        if self.watch.is_stopped:
            raise stopped(self.scope.name)
        self.watch.alive()
        try:
            answer = self._send(path, headers)
            body = body_of(answer, self.scope.name, self.scope.redactor)
        except Throttled as throttled:
            self._pacer.slow_down(str(throttled), turn)
            raise
        except TokenLost as lost:
            refused.append(lost)
            if len(refused) >= MOST_TOKENS:
                raise ServiceError(
                    f"cloud {self.scope.name!r} at {self.scope.url} goes on refusing its credentials: {lost}",
                    "Check its key or user, that the endpoint is of the region of auth_url, and this machine's clock.",
                ) from None
            self.scope.credentials.renew(headers)
            raise
        self._pacer.went_well()
        if not wanted(body):
            raise Passing("a 200 with something else than what was asked for")
        self.is_sandbox |= str(answer.headers.get("Server", "")).startswith(_SANDBOX_SERVER)
        return answer.content, body

    def _headers(self) -> dict[str, str]:
        try:
            return {"Accept": "application/json", **self.scope.credentials.headers()}
        except refusals.Unauthorized as error:
            raise ServiceError(
                f"IAM gave cloud {self.scope.name!r} no new token: {self.scope.reason(error)}",
                "Check the auth section of this cloud in clouds.yaml.",
            ) from None
        except (refusals.ClientException, KeyError, AttributeError, TypeError, ValueError) as error:
            if isinstance(error, refusals.HttpError) and not transient(error):
                raise ServiceError(
                    f"IAM gave cloud {self.scope.name!r} no new token: {self.scope.reason(error)}",
                    "Check that its user may still use this project.",
                ) from None
            raise Passing(f"IAM: {self.scope.reason(error)}") from error

    def _send(self, path: str, headers: dict[str, str]) -> Any:
        with self._lock:
            self.tally.requests += 1
        try:
            return self.scope.session.get(
                self.scope.url + path,
                headers=headers,
                requests_auth=self.scope.credentials.signer,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                authenticated=False,  # the token is in the headers already
                raise_exc=False,
                redirect=False,  # another host must not see it
                log=False,
            )
        except refusals.SSLError as error:
            raise ServiceError(
                f"the certificate of {self.scope.url} is not trusted: {self.scope.reason(error)}",
                "Set cacert for this cloud in clouds.yaml.",
            ) from None
        except WarehouseError:
            raise
        except Exception as error:
            if isinstance(error, refusals.ClientException) and not is_misspelt(error):
                raise Passing(self.scope.reason(error)) from error
            raise ServiceError(
                f"cloud {self.scope.name!r} can't be asked at {self.scope.url}: {self.scope.reason(error)}",
                "Check cbr_endpoint_override of this cloud in clouds.yaml, and the proxy.",
            ) from None

    def _count_retry(self, _state: RetryCallState) -> None:
        with self._lock:
            self.tally.retries += 1
