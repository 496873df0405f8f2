"""Posting a text to a webhook, as Slack and those that follow it take it.

Belongs here: sending, trying again, and saying what went wrong without the URL: whoever has it may write there. Nor is
said what the other side says of it, for it may say the URL.
"""

from typing import Any

import requests
from urllib3.exceptions import HTTPError

from pipelines.extract.retry import retrying
from pipelines.problem import Problem

PATIENCE = 15.0  # seconds; who waits for a sensor gives it a minute
_TIMEOUT = (5, 20)  # seconds to connect, and until it answers


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
        # The status says all; whoever drips the rest of the answer is not waited for.
        with requests.post(url, json=body, timeout=_TIMEOUT, allow_redirects=False, stream=True) as answer:
            status = answer.status_code
    except requests.ConnectTimeout:
        raise _Passing("no connection") from None
    except requests.Timeout:
        # It may have been taken: at once again would say it twice.
        raise _refused("no answer") from None
    except requests.ConnectionError:
        raise _Passing("no connection") from None
    except (requests.RequestException, HTTPError, ValueError) as error:  # their text has the URL
        raise _refused(type(error).__name__) from None
    if status in (408, 429) or status >= 500:
        raise _Passing(str(status))
    if status >= 300:
        raise _refused(str(status))


def _refused(said: str) -> Problem:
    return Problem(f"the webhook took no message: {said}", "Check CBR_WEBHOOK.")
