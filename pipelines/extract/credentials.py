"""What makes a request allowed: a token that is renewed, or a signature.

Belongs here: getting a token once for all threads, and renewing it once when the service says that it is
lost. Does not belong here: which answers say so (answers.py). Secrets stay inside.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from keystoneauth1.session import Session
from requests.auth import AuthBase

from pipelines.extract.aksk import AccessKey
from pipelines.extract.secrets import Redactor

_HEADER = "X-Auth-Token"


class Credentials(Protocol):
    """What a client needs to be let in."""

    signer: AuthBase | None

    def headers(self) -> dict[str, str]:
        """Return the headers that a request needs."""

    def renew(self, used: dict[str, str]) -> None:
        """Hear that the service refused a request with the headers `used`."""


class TokenCredentials:
    """A token of IAM, fetched by keystoneauth1 and shared by all threads."""

    signer: AuthBase | None = None

    def __init__(self, fetch: Callable[[], str], forget: Callable[[], object], redactor: Redactor) -> None:
        """`fetch` returns a good token, `forget` drops the one that is kept, `redactor` learns each."""
        self._fetch, self._forget, self._redactor = fetch, forget, redactor
        self._last: str | None = None
        self._lock = threading.Lock()

    def headers(self) -> dict[str, str]:
        """Return the token's header; fetch a token first where none is good for the next while."""
        with self._lock:
            token = self._fetch()
            if token != self._last:
                self._redactor.add(token)
            self._last = token
            return {_HEADER: self._last}

    def renew(self, used: dict[str, str]) -> None:
        """Forget the token of `used`, unless another thread did so already."""
        with self._lock:
            if used.get(_HEADER) == self._last:
                self._forget()
                self._last = None


class KeyCredentials:
    """A key that signs each request. There is nothing to renew: what is refused stays refused."""

    def __init__(self, signer: AuthBase) -> None:
        """`signer` signs a prepared request."""
        self.signer: AuthBase | None = signer

    def headers(self) -> dict[str, str]:
        """Return none: the signer adds its own."""
        return {}

    def renew(self, used: dict[str, str]) -> None:
        """Do nothing."""


def credentials_of(session: Session, redactor: Redactor) -> Credentials:
    """Return what lets the requests of a session in: its key, else the token of its user.

    `redactor` learns each token.
    """
    if isinstance(session.auth, AccessKey):
        return KeyCredentials(session.auth.signer)

    def fetch() -> str:
        return str(session.get_token())

    return TokenCredentials(fetch, session.invalidate, redactor)
