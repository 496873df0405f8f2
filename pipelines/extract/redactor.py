"""Takes the secrets of one scope out of every text that somebody else wrote.

A service may quote the request and a library may quote a URL: whole, in part, or encoded. Known secrets are looked for,
not what looks like one. Texts of this project name no secret and need no redaction.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from urllib.request import getproxies

FRAGMENT = 8  # characters of a secret that are too many to show
PLACEHOLDER = "..."
# Fields of the auth section of clouds.yaml that are no secrets.
_PUBLIC_FIELDS = re.compile(
    r"auth_url|(user|project|tenant|domain|(user|project|default)_domain)_?(id|name)|username|trust_id|system_scope"
)
_USER_INFO = re.compile(r"://(.+)@", re.DOTALL)


class Redactor:
    """Collects secrets and takes them out of texts. Safe for many threads."""

    def __init__(self) -> None:
        """Begin without secrets."""
        self._secrets: frozenset[str] = frozenset()
        self._fragments: frozenset[str] = frozenset()

    def add(self, *secrets: object) -> None:
        """Add secrets, in each form in which they may be quoted."""
        forms = {form for secret in secrets if secret not in (None, "") for form in _forms(str(secret))}
        if forms <= self._secrets:
            return
        self._secrets |= forms
        self._fragments |= {fragment for form in forms for fragment in _fragments(form)}

    def add_cloud(self, config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> None:
        """Add the secrets of an entry of clouds.yaml, and those of this process's proxies and webhook."""
        auth = config.get("auth")
        for key, value in (auth if isinstance(auth, dict) else {}).items():
            if not _PUBLIC_FIELDS.fullmatch(str(key).replace("-", "_")):
                self.add(value)
        urls = [
            *getproxies().values(),
            *(value for value in config.values() if isinstance(value, str) and "://" in value),
        ]
        if isinstance(auth, dict):
            urls.append(str(auth.get("auth_url")))
        for url in urls:
            self.add(*_url_secrets(url))
        webhook = environ.get("CBR_WEBHOOK", "").partition("://")[2]
        self.add(webhook.partition("/")[2])

    def clean(self, text: object) -> str:
        """Return `text` without any secret, and without any part of one that has FRAGMENT characters or more."""
        original = str(text)
        is_secret = [False] * len(original)
        for secret in self._secrets:
            for match in re.finditer(re.escape(secret), original):
                is_secret[match.start() : match.end()] = [True] * len(secret)
        for start in range(len(original) - FRAGMENT + 1):
            if original[start : start + FRAGMENT] in self._fragments:
                is_secret[start : start + FRAGMENT] = [True] * FRAGMENT
        redacted = []
        for index, character in enumerate(original):
            if not is_secret[index]:
                redacted.append(character)
            elif index == 0 or not is_secret[index - 1]:
                redacted.append(PLACEHOLDER)
        return "".join(redacted)


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it may be quoted: as it is, in a URL, in JSON."""
    if len(secret) < 3:
        return
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]


def _fragments(secret: str) -> Iterator[str]:
    for start in range(len(secret) - FRAGMENT + 1):
        yield secret[start : start + FRAGMENT]


def _url_secrets(url: str) -> Iterator[str]:
    """Yield the password before the host and the values of the query, even of a malformed URL."""
    if user_info := _USER_INFO.search(url):
        yield user_info[1].rstrip("@")
        yield user_info[1].partition(":")[2].rstrip("@")
    try:
        query = urlsplit(url).query
    except ValueError:
        query = url.partition("?")[2]
    yield from (value for _, value in parse_qsl(query))
