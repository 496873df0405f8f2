"""Post messages to a webhook in the form of Slack and compatible channels.

The URL is a credential, so no error shows it or a part of it. What a reply means is in webhook_reply.py.
"""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3.exceptions import HTTPError

from pipelines.alerts.webhook_reply import redact_url, rejection_reason, reply_text
from pipelines.errors import AlertError
from pipelines.extract.retry import retrying

PATIENCE = 15.0  # seconds for all tries; Dagster gives a sensor one minute
EXCHANGE_SECONDS = 20.0  # for one request and its whole reply, however slowly the bytes arrive
_CONNECT_SECONDS = 5.0
_MAX_REPLY = 65_536  # bytes that are read

_Result = TypeVar("_Result")


class _TransientError(Exception):
    """The request failed in a way that may go away: no connection, 408, 429 or 5xx."""


class _NoAuth(AuthBase):
    """Adds nothing to a request. Without any auth, requests sends what ~/.netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def post(url: str, text: str) -> None:
    """Post `text` to the webhook at `url`.

    Transient errors are retried for PATIENCE seconds. Raise AlertError if the message is not accepted.
    """
    post_with_retries = retrying(lambda error: isinstance(error, _TransientError), PATIENCE)
    try:
        post_with_retries(_post_once, url, {"text": text})
    except _TransientError as error:
        raise _alert_error(str(error)) from None


def _post_once(url: str, body: dict[str, Any]) -> None:
    try:
        status, content = _with_deadline(EXCHANGE_SECONDS, lambda: _exchange(url, body))
    except requests.ConnectTimeout:
        raise _TransientError("no connection") from None
    except (requests.Timeout, TimeoutError):
        # The message may have been accepted: an immediate retry could post it twice.
        raise _alert_error("no reply") from None
    except requests.ConnectionError:
        raise _TransientError("no connection") from None
    except HTTPError:
        raise _alert_error("incomplete reply") from None
    except (requests.RequestException, ValueError) as error:  # their text contains the URL
        raise _alert_error(type(error).__name__) from None
    if status in (408, 429) or status >= 500:
        raise _TransientError(str(status))
    reason = rejection_reason(content) if status < 300 else reply_text(content)
    if reason is not None:
        raise _alert_error(f"{status} {redact_url(reason, url)}".strip())


def _exchange(url: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Return status and body of the reply. Proxies of the environment are used, redirects are not followed."""
    credentials = get_auth_from_url(url)
    with requests.post(
        url,
        json=body,
        auth=HTTPBasicAuth(*credentials) if any(credentials) else _NoAuth(),
        timeout=(_CONNECT_SECONDS, EXCHANGE_SECONDS),
        allow_redirects=False,
        stream=True,
    ) as response:
        return response.status_code, response.raw.read(_MAX_REPLY, decode_content=True)


def _with_deadline(seconds: float, function: Callable[[], _Result]) -> _Result:
    """Return the result of `function`. Raise TimeoutError after `seconds`.

    The read timeout of requests bounds the wait for each byte only. A late call goes on in a daemon thread, which ends
    with its server or with the process.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="webhook", daemon=True).start()
    return future.result(seconds)


def _alert_error(reason: str) -> AlertError:
    return AlertError(
        f"the webhook did not accept the message: {reason}", "Check CBR_WEBHOOK. The message is sent again later."
    )
