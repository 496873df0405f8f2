"""The secrets of one scope, taken out of every text that somebody else wrote.

A service may quote the request, a library may quote a URL: whole, in part, or encoded. What is known to be secret is
looked for, not what looks like one. Texts of this project name no secret and are not passed through here.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from urllib.request import getproxies

PIECE = 8  # characters of a secret that are too many to show
HIDDEN = "..."
# What the auth section of clouds.yaml holds beside secrets.
_PUBLIC = re.compile(
    r"auth_url|(user|project|tenant|domain|(user|project|default)_domain)_?(id|name)|username|trust_id|system_scope"
)
_USER_INFO = re.compile(r"://(.+)@", re.DOTALL)


class Redactor:
    """Knows secrets, and takes them out of texts. Safe for many threads."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._whole: frozenset[str] = frozenset()
        self._pieces: frozenset[str] = frozenset()

    def add(self, *secrets: object) -> None:
        """Remember secrets, in each form in which they may be quoted."""
        forms = {form for secret in secrets if secret not in (None, "") for form in _forms(str(secret))}
        if forms <= self._whole:
            return
        self._whole |= forms
        self._pieces |= {piece for form in forms for piece in _pieces(form)}

    def add_cloud(self, config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> None:
        """Remember the secrets of an entry of clouds.yaml and of this process's proxies and webhook."""
        auth = config.get("auth")
        for key, value in (auth if isinstance(auth, dict) else {}).items():
            if not _PUBLIC.fullmatch(str(key).replace("-", "_")):
                self.add(value)
        urls = [
            *getproxies().values(),
            *(value for value in config.values() if isinstance(value, str) and "://" in value),
        ]
        if isinstance(auth, dict):
            urls.append(str(auth.get("auth_url")))
        for url in urls:
            self.add(*_secrets_of_url(url))
        where = environ.get("CBR_WEBHOOK", "").partition("://")[2]
        self.add(where.partition("/")[2])

    def clean(self, text: object) -> str:
        """Return `text` without any secret, and without any piece of one that is PIECE characters or longer."""
        shown = str(text)
        hidden = [False] * len(shown)
        for secret in self._whole:
            for match in re.finditer(re.escape(secret), shown):
                hidden[match.start() : match.end()] = [True] * len(secret)
        for start in range(len(shown) - PIECE + 1):
            if shown[start : start + PIECE] in self._pieces:
                hidden[start : start + PIECE] = [True] * PIECE
        parts = []
        for at, character in enumerate(shown):
            if not hidden[at]:
                parts.append(character)
            elif at == 0 or not hidden[at - 1]:
                parts.append(HIDDEN)
        return "".join(parts)


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it may stand in a text: as it is, in a URL, in JSON."""
    if len(secret) < 3:
        return
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]


def _pieces(secret: str) -> Iterator[str]:
    for start in range(len(secret) - PIECE + 1):
        yield secret[start : start + PIECE]


def _secrets_of_url(url: str) -> Iterator[str]:
    """Yield the password before the host and the values of the query, of a URL that need not be sound."""
    if user_info := _USER_INFO.search(url):
        yield user_info[1].rstrip("@")
        yield user_info[1].partition(":")[2].rstrip("@")
    try:
        query = urlsplit(url).query
    except ValueError:
        query = url.partition("?")[2]
    yield from (value for _, value in parse_qsl(query))
