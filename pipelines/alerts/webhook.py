"""Posting a text to a webhook, as Slack and those that follow it take it.

Many robots answer 200 to whatever they are sent: only the success form of a known channel counts as posted. Whoever
has the URL may write there, so no message shows it or a part of it, whatever the other side says.
"""

import json
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import unquote_plus, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3.exceptions import HTTPError

from pipelines.errors import WarehouseError
from pipelines.extract.retry import retrying
from pipelines.text import printable

PATIENCE = 15.0  # seconds; who waits for a sensor gives it a minute
EXCHANGE_SECONDS = 20.0  # for one request and its whole answer, however slowly its bytes come
_CONNECT_SECONDS = 5.0
_LONGEST_ANSWER, _LONGEST_SAID = 65_536, 200  # bytes that are read, characters that are shown
_SHORTEST_SECRET = 4  # characters; what is shorter is a word such as "v1"

# What an answer says where a message was taken. All that is there of it has to say so.
_TAKEN: dict[str, object] = {
    "ok": True,  # Slack's API
    "errcode": 0,  # DingTalk, WeCom
    "code": 0,  # Feishu and Lark
    "StatusCode": 0,  # Feishu's older form
    "success": True,  # Rocket.Chat
    "result": "success",  # Zulip
}
_TAKEN_TEXT = "ok"  # Slack, Mattermost, Discord
_CODES = ("errcode", "code", "StatusCode", "error")
_MESSAGES = ("errmsg", "msg", "StatusMessage", "message", "description")

_Result = TypeVar("_Result")


class _Passing(Exception):  # noqa: N818 - it is no error before the last try
    """A fault that may pass."""


class _Nothing(AuthBase):
    """Adds nothing to a request: without any auth, requests takes what ~/.netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def post(url: str, text: str) -> None:
    """Post `text`. Raises WarehouseError if it was not taken in PATIENCE seconds, or never will be."""
    patiently = retrying(lambda fault: isinstance(fault, _Passing), lambda: PATIENCE)
    try:
        patiently(_post_once, url, {"text": text})
    except _Passing as last:
        raise _refused(str(last)) from None


def _post_once(url: str, body: dict[str, Any]) -> None:
    try:
        status, content = _within(EXCHANGE_SECONDS, lambda: _exchange(url, body))
    except requests.ConnectTimeout:
        raise _Passing("no connection") from None
    except (requests.Timeout, TimeoutError):
        # It may have been taken: at once again would say it twice.
        raise _refused("no answer") from None
    except requests.ConnectionError:
        raise _Passing("no connection") from None
    except HTTPError:
        raise _refused("no whole answer") from None
    except (requests.RequestException, ValueError) as error:  # their text has the URL
        raise _refused(type(error).__name__) from None
    if status in (408, 429) or status >= 500:
        raise _Passing(str(status))
    said = _refusal(content) if status < 300 else _words(content)
    if said is not None:
        raise _refused(f"{status} {_without_secrets(said, url)}".strip())


def _exchange(url: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Return status and body of the answer. A proxy of the environment is used."""
    of_url = get_auth_from_url(url)
    with requests.post(
        url,
        json=body,
        auth=HTTPBasicAuth(*of_url) if any(of_url) else _Nothing(),
        timeout=(_CONNECT_SECONDS, EXCHANGE_SECONDS),
        allow_redirects=False,
        stream=True,
    ) as answer:
        return answer.status_code, answer.raw.read(_LONGEST_ANSWER, decode_content=True)


def _within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Return what `work` returns. Raises TimeoutError after so many seconds.

    A read timeout alone bounds the wait for each byte. The thread of what is late ends with its server or with the
    process, and holds neither up.
    """
    done: Future[_Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, name="webhook", daemon=True).start()
    return done.result(seconds)


def _refusal(content: bytes) -> str | None:
    """Return what an answer with a good status says against the message; nothing where the message was taken.

    An empty answer says nothing against its status.
    """
    body = _parsed(content)
    if isinstance(body, dict):
        marks = [(body[name], wanted) for name, wanted in _TAKEN.items() if name in body]
        if marks and all(type(mark) is type(wanted) and mark == wanted for mark, wanted in marks):
            return None
    elif content.strip().lower() in (b"", _TAKEN_TEXT.encode()):
        return None
    return _words(content) or "an answer that says nothing"


def _words(content: bytes) -> str:
    """Return the code and the message of an answer, or what else it says."""
    body = _parsed(content)
    if not isinstance(body, dict):
        return content.decode("utf-8", "replace").strip()
    code = next((f"{name} {body[name]}" for name in _CODES if name in body), "")
    message = next((str(body[name]) for name in _MESSAGES if body.get(name)), "")
    return f"{code} {message}".strip() or json.dumps(body, ensure_ascii=False)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _without_secrets(said: str, url: str) -> str:
    """Return one line of what was said, without any part of the URL behind its host."""
    where = urlsplit(url)
    values = [value or name for name, _, value in (pair.partition("=") for pair in where.query.split("&"))]
    parts = {url, where.path, where.query, *where.path.split("/"), *values, where.username, where.password}
    secrets = {form for part in parts if part for form in (part, unquote_plus(part)) if len(form) >= _SHORTEST_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "***")
    line = printable(" ".join(said.split()))
    return line if len(line) <= _LONGEST_SAID else line[: _LONGEST_SAID - 1] + "…"


def _refused(said: str) -> WarehouseError:
    return WarehouseError(
        f"the webhook took no message: {said}", "Check CBR_WEBHOOK. What was not taken is posted again at a later look."
    )
