"""The HTTP adapter below every session: a deadline for a whole request, a size limit for its response, no ~/.netrc.

A read timeout bounds the wait for the next byte only, so a server that sends a byte now and then never exceeds it. Here
the socket itself has a deadline, for headers and body. Which requests are sent is in client.py and login.py.
"""

import http.client
import io
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keystoneauth1.session import Session
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from pipelines.errors import ServiceError

if TYPE_CHECKING:
    _Connection = HTTPConnection
else:
    _Connection = object

REQUEST_SECONDS = 120.0  # from the first byte sent to the last byte received


def mount_adapter(session: Session, max_connections: int, max_bytes: int) -> None:
    """Let `session` send its requests with a deadline, a size limit, and up to `max_connections` connections."""
    for prefix in ("https://", "http://"):
        session.session.mount(prefix, _Adapter(max_bytes, pool_maxsize=max_connections))
    session.session.auth = _NoAuth()


class _NoAuth(AuthBase):
    """Adds nothing to a request. A session without any auth would take one from ~/.netrc."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class _Adapter(HTTPAdapter):
    def __init__(self, max_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self._max_bytes = max_bytes

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _use_timed_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        _use_timed_connections(manager)
        return manager

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        response = super().send(request, *args, **options)
        response.raw = _LimitedBody(response.raw, self._max_bytes)
        return response


class _LimitedBody:
    """A raw response that raises ServiceError once its body, decompressed, is too large."""

    def __init__(self, raw: Any, max_bytes: int) -> None:
        self._raw, self._max_bytes = raw, max_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, *args: Any, **options: Any) -> Iterator[bytes]:
        """Yield the body in chunks."""
        size = 0
        for chunk in self._raw.stream(*args, **options):
            size += len(chunk)
            if size > self._max_bytes:
                self._raw.close()
                raise ServiceError(
                    f"a response is larger than {self._max_bytes / 1e6:g} MB",
                    "Check that the endpoint in clouds.yaml is that of the service, or set CBR_MAX_RESPONSE_MB.",
                )
            yield chunk


class _TimedConnection(_Connection):
    """A connection whose responses have to be complete before a deadline."""

    _deadline = 0.0

    def connect(self) -> None:
        self._deadline = time.monotonic() + REQUEST_SECONDS  # a proxy answers before the first request
        super().connect()

    def request(self, *args: Any, **options: Any) -> None:
        self._deadline = time.monotonic() + REQUEST_SECONDS
        super().request(*args, **options)

    def response_class(self, sock: Any, *args: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override, unused-ignore]
        return http.client.HTTPResponse(_TimedSocket(sock, self._deadline), *args, **options)  # type: ignore[arg-type]


class _TimedHTTP(_TimedConnection, HTTPConnection):
    pass


class _TimedHTTPS(_TimedConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPS


def _use_timed_connections(manager: PoolManager) -> None:
    # A SOCKS proxy brings connections of its own, which have the read timeout alone.
    if manager.pool_classes_by_scheme["http"] is HTTPConnectionPool:
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _TimedSocket:
    """Gives http.client a file that ends at the deadline."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Return the file that the response is read from."""
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._read_timeout = sock.gettimeout()
        self._raw_file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError(f"the response was not complete after {REQUEST_SECONDS:g} s")
        self._sock.settimeout(remaining if self._read_timeout is None else min(remaining, self._read_timeout))
        count: int | None = self._raw_file.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw_file.close()
        super().close()
