"""Requests for backups, and what each answer means.

Belongs here: one request and its retries. Does not belong here: which requests a snapshot needs
(snapshot.py). A Scope enters; bodies leave as the bytes that were sent, checked to be what was asked for.
Retries are ours, not keystoneauth1's: CBR says an unknown id with 401, and a lost token with 500.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from keystoneauth1 import exceptions as refusals
from requests import Response
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from pipelines.extract.clouds import Scope, reason
from pipelines.problem import Problem

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60  # seconds
ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 0.2, 20.0  # seconds
SORT = "created_at:asc,id:asc"  # a total order, so that pages neither overlap nor leave gaps while nothing moves
PAGE = 1000  # the most that ListBackups answers at a time
# Codes with which the service or its gateway says that the token is no longer good.
_TOKEN_LOST = {"BackupService.9998", "APIGW.0301", "APIGW.0307"}
_PASSING = {408, 429}
_SANDBOX_SERVER = "cbr-warehouse-sandbox"


Wanted = Callable[[dict[str, Any]], bool]


class Passing(Exception):  # noqa: N818 - a state of the service, not an error of the code
    """An answer that may be better next time."""


class Vanished(Exception):  # noqa: N818 - as above
    """The backup is not there: 404, or 401 'Malformed request url'."""


@dataclass(slots=True)
class Tally:
    """What the requests of one scope added up to."""

    requests: int = 0
    retries: int = 0


class Client:
    """Reads the backups of one scope."""

    def __init__(self, scope: Scope) -> None:
        """Nothing is sent before the first read."""
        self.scope = scope
        self.tally = Tally()
        self.is_sandbox = False
        self._retrying = Retrying(
            retry=retry_if_exception_type(Passing),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT),
            before_sleep=self._count_retry,
            reraise=True,
        )

    def page(self, offset: int) -> tuple[bytes, dict[str, Any]]:
        """Return one page of ListBackups, as sent and as parsed: up to PAGE backups from record `offset`."""
        query = f"limit={PAGE}&offset={offset}&sort={quote(SORT, safe='')}&show_replication=true"
        try:
            return self._get(f"/backups?{query}", lambda body: isinstance(body.get("backups"), list))
        except Vanished as answer:
            raise Problem(
                f"cloud {self.scope.name!r} has no backups service at {self.scope.url}: {answer}",
                "Check region_name and cbr_endpoint_override of this cloud in clouds.yaml.",
            ) from None

    def show(self, backup_id: str) -> tuple[bytes, dict[str, Any]]:
        """Return ShowBackup of `backup_id`, as sent and as parsed. Raises Vanished where it is not there."""
        return self._get(
            f"/backups/{quote(backup_id, safe='')}",
            lambda body: isinstance(body.get("backup"), dict) and str(body["backup"].get("id")) == backup_id,
        )

    def _get(self, path: str, wanted: Wanted) -> tuple[bytes, dict[str, Any]]:
        try:
            return self._retrying(self._once, path, wanted)
        except Passing as last:
            raise Problem(
                f"cloud {self.scope.name!r} at {self.scope.url} did not answer after {ATTEMPTS} tries: {last}",
                "Check the network, or run again later; the published file is as it was.",
            ) from None

    def _once(self, path: str, wanted: Wanted) -> tuple[bytes, dict[str, Any]]:
        response = self._send(path)
        body = _parsed(response)
        if response.status_code != 200:
            self._refuse(response, body)
        if not isinstance(body, dict) or not wanted(body):
            raise Passing(f"the answer was not what was asked for ({_start(response)})")
        self.is_sandbox |= response.headers.get("Server", "").startswith(_SANDBOX_SERVER)
        return response.content, body

    def _send(self, path: str) -> Response:
        self.tally.requests += 1
        try:
            return self.scope.session.get(
                self.scope.url + path,
                headers={"Accept": "application/json"},
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                authenticated=True,
                allow_reauth=False,
                raise_exc=False,
                redirect=False,
            )
        except refusals.Unauthorized as error:
            raise Problem(
                f"IAM gave cloud {self.scope.name!r} no new token: {error.message}",
                "Check the auth section of this cloud in clouds.yaml.",
            ) from None
        except refusals.ClientException as error:
            raise Passing(reason(error)) from error

    def _refuse(self, response: Response, body: Any) -> None:
        """Raise what an answer other than 200 means."""
        status, code, message = response.status_code, *_error(body)
        if (status == 404 and code != "APIGW.0101") or (status == 401 and "Malformed request url" in message):
            raise Vanished(f"{status} {code} {message}".strip())
        if code in _TOKEN_LOST or status == 401:
            self.scope.session.invalidate()
            raise Passing(f"{status} {code} {message}")
        if status in _PASSING or status >= 500:
            raise Passing(f"{status} {code} {message or _start(response)}")
        if status == 403:
            project = self.scope.project_id
            raise Problem(
                f"cloud {self.scope.name!r} may not read the backups of project {project}: {code} {message}",
                "Grant its user CBR ReadOnlyAccess on this project.",
            )
        raise Problem(
            f"cloud {self.scope.name!r} at {self.scope.url} answered {status} {code} {message or _start(response)}",
            "Check cbr_endpoint_override and region_name of this cloud in clouds.yaml.",
        )

    def _count_retry(self, _state: RetryCallState) -> None:
        self.tally.retries += 1


def _parsed(response: Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _error(body: Any) -> tuple[str, str]:
    """Return code and message of the three shapes of an error: CBR's and the gateway's, IAM's, unauthorized."""
    if not isinstance(body, dict):
        return "", ""
    inner = next((body[key] for key in ("error", "unauthorized") if isinstance(body.get(key), dict)), body)
    code = inner.get("error_code") or inner.get("code") or ""
    return str(code), str(inner.get("error_msg") or inner.get("message") or "")


def _start(response: Response) -> str:
    """Return the beginning of an answer that is not JSON, in one line."""
    kind = response.headers.get("Content-Type", "no content type")
    return f"{response.status_code} {kind}: {' '.join(response.text[:80].split())}"
