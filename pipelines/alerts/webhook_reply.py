"""Interpretation of a webhook's reply: whether the channel accepted the message, and why it did not.

Many robots answer 200 to any request, so a message counts as accepted only if the reply has the success form of a
supported channel. The URL is a credential: no part of it appears in an error.
"""

import json
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from pipelines.text import printable

_MAX_SHOWN = 200  # characters of a reply in an error
_MIN_SECRET = 4  # characters; shorter parts of a URL are words such as "v1"

# Fields that report success. Every field that is present must have this value.
_SUCCESS: dict[str, object] = {
    "ok": True,  # Slack's API
    "errcode": 0,  # DingTalk, WeCom
    "code": 0,  # Feishu and Lark
    "StatusCode": 0,  # Feishu's older form
    "success": True,  # Rocket.Chat
    "result": "success",  # Zulip
}
_SUCCESS_TEXT = b"ok"  # Slack, Mattermost, Discord
_CODE_FIELDS = ("errcode", "code", "StatusCode", "error")
_MESSAGE_FIELDS = ("errmsg", "msg", "StatusMessage", "message", "description")


def rejection_reason(content: bytes) -> str | None:
    """Return why a reply with a success status rejects the message, or None if it accepts it or is empty."""
    body = _parse_json(content)
    if isinstance(body, dict):
        values = [(body[name], success) for name, success in _SUCCESS.items() if name in body]
        if values and all(type(value) is type(success) and value == success for value, success in values):
            return None
    elif content.strip().lower() in (b"", _SUCCESS_TEXT):
        return None
    return reply_text(content) or "a blank reply"


def reply_text(content: bytes) -> str:
    """Return the error code and the message of a reply, or else all of its text."""
    body = _parse_json(content)
    if not isinstance(body, dict):
        return content.decode("utf-8", "replace").strip()
    code = next((f"{name} {body[name]}" for name in _CODE_FIELDS if name in body), "")
    message = next((str(body[name]) for name in _MESSAGE_FIELDS if body.get(name)), "")
    return f"{code} {message}".strip() or json.dumps(body, ensure_ascii=False)


def redact_url(text: str, url: str) -> str:
    """Return `text` as one short line without credentials, path and query of `url`."""
    split = urlsplit(url)
    values = [value or name for name, _, value in (pair.partition("=") for pair in split.query.split("&"))]
    parts = {url, split.path, split.query, *split.path.split("/"), *values, split.username, split.password}
    secrets = {form for part in parts if part for form in (part, unquote_plus(part)) if len(form) >= _MIN_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    line = printable(" ".join(text.split()))
    return line if len(line) <= _MAX_SHOWN else line[: _MAX_SHOWN - 1] + "…"


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
