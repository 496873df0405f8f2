"""What an HTTP answer of CBR means, by its status and its body.

Belongs here: the classes of answers and the words for those that end a scope. Does not belong here: sending
and trying again (client.py). An answer enters `body_of`; its parsed body leaves, or one of the exceptions.
Source: the error bodies of CBR, of the gateway before it, and of IAM. CBR says an unknown id with 401, and a
lost token with 500.
"""

from typing import Any

from requests import Response

from pipelines.errors import ServiceError
from pipelines.extract.secrets import Redactor
from pipelines.landing.wire import parse

# Codes with which the service or its gateway says that the token is no longer good.
_TOKEN_LOST = {"BackupService.9998", "APIGW.0301", "APIGW.0307"}
_NO_SUCH_BACKUP = "BackupService.6200"
_MALFORMED = "Malformed request url"
_PASSING = {408, 425, 429}


class Passing(Exception):  # noqa: N818 - a state of the service, not an error of the code
    """An answer that may be better next time."""


class Throttled(Passing):
    """429: too much was asked for."""


class TokenLost(Passing):
    """The token is not good any more; a new one may be."""


class Vanished(Exception):  # noqa: N818 - as above
    """CBR itself says that the backup is not there: 404 with its code, or 401 'Malformed request url'."""


def body_of(response: Response, scope: str, redactor: Redactor) -> dict[str, Any]:
    """Return the JSON object of a 200. Raises Passing, Vanished, or WarehouseError where `scope` can't go on.

    What they quote of the answer is without the secrets that `redactor` knows.
    """
    body = _parsed(response)
    if response.status_code == 200:
        if isinstance(body, dict):
            return body
        raise Passing(f"200 without a JSON object ({redactor.clean(_start(response))})")
    status, (code, message) = response.status_code, _error(body)
    said = redactor.clean(f"{status} {code} {message}".rstrip() if code or message else _start(response))
    if status == 429:
        raise Throttled(said)
    if code in _TOKEN_LOST or (status == 401 and _MALFORMED not in message):
        raise TokenLost(said)
    if status in _PASSING or status >= 500:
        raise Passing(said)
    if status == 401 or (status == 404 and code == _NO_SUCH_BACKUP):
        raise Vanished(said)
    if status == 403:
        raise ServiceError(
            f"cloud {scope!r} may not read its backups: {said}",
            "Grant its user CBR ReadOnlyAccess on this project, and see that the service is open to it.",
        )
    raise ServiceError(
        f"cloud {scope!r} was answered {said}",
        "Check cbr_endpoint_override and region_name of this cloud in clouds.yaml.",
    )


def _parsed(response: Response) -> Any:
    try:
        return parse(response.content)
    except ValueError:
        return None


def _error(body: Any) -> tuple[str, str]:
    """Return code and message of the three shapes: CBR's and the gateway's, IAM's, unauthorized."""
    if not isinstance(body, dict):
        return "", ""
    inner = next((body[key] for key in ("error", "unauthorized") if isinstance(body.get(key), dict)), body)
    code = inner.get("error_code") or inner.get("code") or ""
    message = str(inner.get("error_msg") or inner.get("message") or "")
    return str(code)[:100], message[:300]


def _start(response: Response) -> str:
    """Return the beginning of an answer that explains nothing, in one line."""
    kind = response.headers.get("Content-Type", "no content type")
    return f"{response.status_code} {kind[:100]}: {' '.join(response.text[:80].split())}".rstrip(": ")
