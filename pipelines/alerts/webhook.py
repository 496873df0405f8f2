"""Posting a text to a webhook, as Slack and those that follow it take it.

Belongs here: sending, trying again, and saying what went wrong without the URL: whoever has it may write there.
"""

from typing import Any

import requests

from pipelines.extract.retry import retrying
from pipelines.problem import Problem

PATIENCE = 25.0  # seconds; who waits for a sensor gives it a minute
_TIMEOUT = 8  # seconds


class _Passing(Exception):  # noqa: N818 - it is no error before the last try
    """A fault that may pass."""


def post(url: str, text: str) -> None:
    """Post `text`. Raises Problem where it was not taken in PATIENCE seconds, or never will be."""
    patiently = retrying(lambda fault: isinstance(fault, _Passing), lambda: PATIENCE)
    try:
        patiently(_once, url, {"text": text})
    except _Passing as last:
        raise _refused(str(last)) from None


def _once(url: str, body: dict[str, Any]) -> None:
    try:
        answer = requests.post(url, json=body, timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:  # its text has the URL
        raise _Passing(type(error).__name__) from None
    said = f"{answer.status_code} {answer.reason}"
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise _Passing(said)
    if answer.status_code >= 300:
        raise _refused(said)


def _refused(said: str) -> Problem:
    return Problem(f"the webhook took no message: {said}", "Check CBR_WEBHOOK.")
