"""The HTTP below every session: one deadline for a whole request, one largest size of an answer, no ~/.netrc.

A read timeout bounds the wait for the next byte, so a server that sends a byte now and then is never too slow. Here
the socket itself knows when the answer has to be whole, its headers included. What requests are sent is in client.py
and scope.py.
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

REQUEST_SECONDS = 120.0  # from the first byte that is sent to the last one that is read


def prepare(session: Session, connections: int, most_bytes: int) -> None:
    """Give `session` deadlines, a largest answer, and room for so many connections."""
    for prefix in ("https://", "http://"):
        session.session.mount(prefix, _Adapter(most_bytes, pool_maxsize=connections))
    session.session.auth = _Unchanged()


class _Unchanged(AuthBase):
    """Adds nothing to a request. Without an auth of its own, a session takes one from ~/.netrc."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class _Adapter(HTTPAdapter):
    def __init__(self, most_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self._most_bytes = most_bytes

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _use_timed_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        _use_timed_connections(manager)
        return manager

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        response = super().send(request, *args, **options)
        response.raw = _Limited(response.raw, self._most_bytes)
        return response


class _Limited:
    """A raw response that ends with a WarehouseError where its body, decompressed, is too large."""

    def __init__(self, raw: Any, most_bytes: int) -> None:
        self._raw, self._most_bytes = raw, most_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, *args: Any, **options: Any) -> Iterator[bytes]:
        """Yield the body piece by piece."""
        size = 0
        for piece in self._raw.stream(*args, **options):
            size += len(piece)
            if size > self._most_bytes:
                self._raw.close()
                raise ServiceError(
                    f"an answer is larger than {self._most_bytes / 1e6:g} MB",
                    "See that the endpoint in clouds.yaml is the service's, or set CBR_MAX_RESPONSE_MB.",
                )
            yield piece


class _Timed(_Connection):
    """A connection whose answers have to be whole in time."""

    _due = 0.0

    def connect(self) -> None:
        self._due = time.monotonic() + REQUEST_SECONDS  # a proxy answers before the first request
        super().connect()

    def request(self, *args: Any, **options: Any) -> None:
        self._due = time.monotonic() + REQUEST_SECONDS
        super().request(*args, **options)

    def response_class(self, sock: Any, *args: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override, unused-ignore]
        return http.client.HTTPResponse(_Socket(sock, self._due), *args, **options)  # type: ignore[arg-type]


class _TimedHTTP(_Timed, HTTPConnection):
    pass


class _TimedHTTPS(_Timed, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPS


def _use_timed_connections(manager: PoolManager) -> None:
    # A SOCKS proxy brings connections of its own, which have the read timeout alone.
    if manager.pool_classes_by_scheme["http"] is HTTPConnectionPool:
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Socket:
    """What http.client takes an answer from."""

    def __init__(self, sock: Any, due: float) -> None:
        self._sock, self._due = sock, due

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Return the file that the answer is read from."""
        return io.BufferedReader(_Reader(self._sock, self._due))


class _Reader(io.RawIOBase):
    def __init__(self, sock: Any, due: float) -> None:
        self._sock, self._due = sock, due
        self._patience = sock.gettimeout()
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._due - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the answer was not whole after {REQUEST_SECONDS:g} s")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        count: int | None = self._file.readinto(buffer)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
