"""The HTTP server of the sandbox, on loopback. The responses are made in service.py."""

import socket
import ssl
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

from pipelines import clock
from pipelines.sandbox.estate import estate, estate_inventory
from pipelines.sandbox.inventory import Inventory
from pipelines.sandbox.service import Service
from pipelines.sandbox.store import Body, MemoryStore, Store


class Sandbox(Service):
    """A running service."""

    def __init__(
        self, backups: Store, port: int = 0, tls: ssl.SSLContext | None = None, inventory: Inventory | None = None
    ) -> None:
        """Listen on loopback; port 0 takes a free one. With `tls`, speak HTTPS."""
        handler = type("Handler", (_Handler,), {"sandbox": self})
        self._http = _Server(("127.0.0.1", port), handler)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        super().__init__(backups, f"http{'s' if tls else ''}://127.0.0.1:{self._http.server_address[1]}", inventory)
        self.latency = 0.0  # seconds that each response takes at least

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and wait for the responses that are being sent."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until interrupted."""
        self._thread.join()


@contextmanager
def serve(backups: Iterable[Body] | None = None, port: int = 0, first_day: datetime | None = None) -> Iterator[Sandbox]:
    """Serve `backups`, or the synthetic estate as it is now, until the block is left.

    `first_day` is that of its scenarios; without it, today is their last day. Other calls than those of backups are
    answered with the inventory of the estate, or refused where there is none.
    """
    now = clock.utc_now()
    bodies = estate(now, first_day) if backups is None else backups
    inventory = estate_inventory(now, first_day) if backups is None else None
    with serve_store(MemoryStore(bodies), port, inventory=inventory) as sandbox:
        yield sandbox


@contextmanager
def serve_store(
    backups: Store, port: int = 0, tls: ssl.SSLContext | None = None, inventory: Inventory | None = None
) -> Iterator[Sandbox]:
    """Serve a store until the block is left."""
    sandbox = Sandbox(backups, port, tls, inventory)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Print nothing if a reader closes its connection."""


class _Handler(BaseHTTPRequestHandler):
    sandbox: ClassVar[Sandbox]
    protocol_version = "HTTP/1.1"
    server_version = "cbr-warehouse-sandbox"
    sys_version = ""
    wbufsize = -1  # one segment for each response: two would wait for each other
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.sandbox.respond(self.command, self.path, headers, content)
        time.sleep(response.delay + self.sandbox.latency)
        if response.cut is not None and response.cut < 0:
            self._reset()
            return
        body = response.content()
        self.send_response(response.status)
        default_headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (default_headers | response.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: response.cut])
        if response.cut is not None:
            self.close_connection = True

    do_GET = do_POST = _serve  # noqa: N815 - http.server's names

    def _reset(self) -> None:
        """Reset the connection as a crashed server does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing: the reader counts its own requests."""
