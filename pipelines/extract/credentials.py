"""How requests are authenticated: with a token that is renewed, or with a signature.

All threads of a scope share one token. Which responses say that it is no longer valid is in responses.py.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from keystoneauth1.session import Session
from requests.auth import AuthBase

from pipelines.extract.aksk import AccessKey
from pipelines.extract.redactor import Redactor

_HEADER = "X-Auth-Token"


class Credentials(Protocol):
    """What a scope needs to authenticate its requests."""

    signer: AuthBase | None

    def headers(self) -> dict[str, str]:
        """Return the headers that a request needs."""

    def renew(self, rejected: dict[str, str]) -> None:
        """Replace the credentials after the service refused a request with the headers `rejected`."""


class TokenCredentials:
    """A token of IAM, fetched by keystoneauth1 and shared by all threads."""

    signer: AuthBase | None = None

    def __init__(self, fetch: Callable[[], str], invalidate: Callable[[], object], redactor: Redactor) -> None:
        """`fetch` returns a valid token, `invalidate` drops the cached one, `redactor` learns each."""
        self._fetch, self._invalidate, self._redactor = fetch, invalidate, redactor
        self._token: str | None = None
        self._lock = threading.Lock()

    def headers(self) -> dict[str, str]:
        """Return the header with the token, fetching one if none is valid for the next while."""
        with self._lock:
            token = self._fetch()
            if token != self._token:
                self._redactor.add(token)
            self._token = token
            return {_HEADER: self._token}

    def renew(self, rejected: dict[str, str]) -> None:
        """Drop the token in `rejected`, unless another thread already did."""
        with self._lock:
            if rejected.get(_HEADER) == self._token:
                self._invalidate()
                self._token = None


class KeyCredentials:
    """An access key that signs each request. There is nothing to renew: a refused key stays refused."""

    def __init__(self, signer: AuthBase) -> None:
        """`signer` signs a prepared request."""
        self.signer: AuthBase | None = signer

    def headers(self) -> dict[str, str]:
        """Return none: the signer adds its own."""
        return {}

    def renew(self, rejected: dict[str, str]) -> None:
        """Do nothing."""


def session_credentials(session: Session, redactor: Redactor) -> Credentials:
    """Return the credentials of a session: its access key, else the token of its user. `redactor` learns each token."""
    if isinstance(session.auth, AccessKey):
        return KeyCredentials(session.auth.signer)

    def fetch() -> str:
        return str(session.get_token())

    return TokenCredentials(fetch, session.invalidate, redactor)
