"""What a response of CBR means, by its status and its body.

ResponseError
├── TransientError            the same request may succeed later
│   ├── ThrottledError        429: too many requests
│   └── TokenRejectedError    the token is no longer valid, a new one may be
├── NotFoundError             what was requested does not exist
└── ForbiddenError            403: the user may not send this request

A response that ends the reading of a scope is a ServiceError; client.py decides what is sent again. The codes are those
of CBR, of the gateway in front of it, and of IAM. CBR reports an unknown id with 401 and a rejected token with 500.
"""

from typing import Any

from requests import Response

from pipelines.errors import ServiceError
from pipelines.extract.redactor import Redactor
from pipelines.landing.wire import parse

_REJECTED_TOKEN_CODES = {"BackupService.9998", "APIGW.0301", "APIGW.0307"}
_UNKNOWN_CODES = {"BackupService.6200", "BackupService.6217"}  # of a backup, and of a restore point
_UNKNOWN_ID_MESSAGE = "Malformed request url"
_TRANSIENT_STATUSES = {408, 425, 429}


class ResponseError(Exception):
    """A response that is not the data that was requested."""


class TransientError(ResponseError):
    """The same request may succeed later."""


class ThrottledError(TransientError):
    """429: too many requests."""


class TokenRejectedError(TransientError):
    """The token is no longer valid; a new one may be."""


class NotFoundError(ResponseError):
    """CBR itself says that the backup does not exist: 404 with its code, or 401 'Malformed request url'."""


class ForbiddenError(ResponseError):
    """403: the user may not send this request."""


def parse_response(response: Response, scope: str, redactor: Redactor) -> dict[str, Any]:
    """Return the JSON object of a 200. Raise ResponseError, or ServiceError if `scope` can't be read at all.

    What the errors quote of the response is without the secrets that `redactor` knows.
    """
    body = _parse(response)
    if response.status_code == 200:
        if isinstance(body, dict):
            return body
        raise TransientError(f"200 without a JSON object ({redactor.clean(_excerpt(response))})")
    status, (code, message) = response.status_code, _code_and_message(body)
    summary = redactor.clean(f"{status} {code} {message}".rstrip() if code or message else _excerpt(response))
    if status == 429:
        raise ThrottledError(summary)
    if code in _REJECTED_TOKEN_CODES or (status == 401 and _UNKNOWN_ID_MESSAGE not in message):
        raise TokenRejectedError(summary)
    if status in _TRANSIENT_STATUSES or status >= 500:
        raise TransientError(summary)
    if status == 401 or (status == 404 and code in _UNKNOWN_CODES):
        raise NotFoundError(summary)
    if status == 403:
        raise ForbiddenError(summary)
    raise ServiceError(
        f"CBR answered cloud {scope!r} with {summary}",
        "Check cbr_endpoint_override and region_name of this cloud in clouds.yaml.",
    )


def _parse(response: Response) -> Any:
    try:
        return parse(response.content)
    except ValueError:
        return None


def _code_and_message(body: Any) -> tuple[str, str]:
    """Return code and message of an error body in any of the three shapes of CBR, IAM and the gateway."""
    if not isinstance(body, dict):
        return "", ""
    error = next((body[key] for key in ("error", "unauthorized") if isinstance(body.get(key), dict)), body)
    code = error.get("error_code") or error.get("code") or ""
    message = str(error.get("error_msg") or error.get("message") or "")
    return str(code)[:100], message[:300]


def _excerpt(response: Response) -> str:
    """Return the beginning of a response without an error message, in one line."""
    content_type = response.headers.get("Content-Type", "no content type")
    return f"{response.status_code} {content_type[:100]}: {' '.join(response.text[:80].split())}".rstrip(": ")
