"""The sandbox's sockets: HTTP requests in, answers of iam.py and cbr.py out.

Belongs here: routing, headers, the server's life. Enters: bodies to serve, and what shall go wrong. Leaves: a
`Sandbox` that says where it listens and how clouds.yaml would name it.
"""

import json
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines import clock
from pipelines.sandbox import iam, signature
from pipelines.sandbox.answers import BAD_SIGNATURE, BAD_TOKEN, FORBIDDEN, NO_SUCH_API, Answer, iam_error
from pipelines.sandbox.cbr import Cbr
from pipelines.sandbox.estate import estate
from pipelines.sandbox.faults import LIST, SHOW, TOKEN, Faults, Quota
from pipelines.sandbox.store import Body, Held, Store

Headers = dict[str, str]  # names in lower case


class Sandbox:
    """A running service. `requests` counts what was asked of it, by kind."""

    def __init__(self, backups: Store, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen on loopback; port 0 takes a free one. With `tls`, speak HTTPS."""
        self.iam = iam.Iam()
        self.cbr = Cbr(backups)
        self.faults = Faults(lambda _: None)
        self.quota: Quota | None = None
        self.latency = 0.0  # seconds that each answer takes at least
        self.requests: Counter[str] = Counter()
        handler = type("Bound", (_Handler,), {"sandbox": self})
        self._http = _Server(("127.0.0.1", port), handler)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and wait for what is being answered."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until interrupted."""
        self._thread.join()

    def cloud(self, project: str = iam.REGION) -> dict[str, Any]:
        """Return the entry of this service in a clouds.yaml."""
        auth = {
            "auth_url": f"{self.url}/v3",
            "username": iam.USER,
            "password": iam.PASSWORD,
            "user_domain_name": iam.DOMAIN,
            "project_name": project,
        }
        return {"auth": auth, "region_name": iam.REGION}

    def answer(self, method: str, path: str, headers: Headers, content: bytes) -> Answer:
        """Answer one request."""
        where = urlsplit(path)
        match method, *(unquote(step) for step in where.path.strip("/").split("/")):
            case ["GET", ""]:
                return iam.versions(self.url)
            case ["GET", "v3"]:
                return iam.version(self.url)
            case ["GET", "v3", "projects"]:
                return self._projects(method, path, headers)
            case ["POST", "v3", "auth", "tokens"]:
                return self._met(TOKEN, lambda: self.iam.issue(_json(content), self.url))
            case ["GET", "v3", project, "backups"]:
                refused = self._refused(project, method, path, headers)
                return refused or self._met(LIST, lambda: self.cbr.list(parse_qs(where.query)))
            case ["GET", "v3", project, "backups", backup_id]:
                refused = self._refused(project, method, path, headers)
                return refused or self._met(SHOW, lambda: self.cbr.show(backup_id))
        return NO_SUCH_API

    def _met(self, asked: str, make: Any) -> Answer:
        self.requests[asked] += 1
        if asked != TOKEN and self.quota and (refused := self.quota.refuses()):
            return refused
        return self.faults.react(asked, self.cbr.backups, self.iam.tokens.clear, make)

    def _refused(self, project: str, method: str, path: str, headers: Headers) -> Answer | None:
        if "authorization" in headers:
            if "x-project-id" not in _signed(method, path, headers):
                return BAD_SIGNATURE
            allowed: str | None = headers["x-project-id"]
        else:
            allowed = self.iam.project_of(headers.get("x-auth-token"))
        if allowed is None:
            self.requests["refused"] += 1
            return BAD_TOKEN
        return None if allowed == project == iam.PROJECTS[iam.REGION] else FORBIDDEN

    def _projects(self, method: str, path: str, headers: Headers) -> Answer:
        if _signed(method, path, headers) or self.iam.project_of(headers.get("x-auth-token")):
            return iam.projects(self.url, parse_qs(urlsplit(path).query))
        return iam_error(401, "Unauthorized", "The request you have made requires authentication.")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing: a reader that hangs up is none of the server's business."""


class _Handler(BaseHTTPRequestHandler):
    sandbox: ClassVar[Sandbox]
    protocol_version = "HTTP/1.1"
    server_version = "cbr-warehouse-sandbox"
    sys_version = ""
    wbufsize = -1  # one segment an answer: two would wait for each other
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.sandbox.answer(self.command, self.path, headers, content)
        time.sleep(answer.delay + self.sandbox.latency)
        body = answer.content()
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body))} | answer.headers
        if answer.cut is not None and answer.cut < 0:
            self._reset()
            return
        self.send_response(answer.status)
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    do_GET = do_POST = _serve  # noqa: N815 - http.server's names

    def _reset(self) -> None:
        """Break the connection off as a crashed server does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: the reader counts its own requests."""


@contextmanager
def serve(backups: Iterable[Body] | None = None, port: int = 0, began: datetime | None = None) -> Iterator[Sandbox]:
    """Serve `backups`, or the synthetic estate as it stands at this instant, until the block is left.

    `began` is the first day of its stories: without it, they are at their last one.
    """
    with serve_store(Held(estate(clock.utc_now(), began) if backups is None else backups), port) as sandbox:
        yield sandbox


@contextmanager
def serve_store(backups: Store, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Sandbox]:
    """Serve a store until the block is left."""
    sandbox = Sandbox(backups, port, tls)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


def _signed(method: str, path: str, headers: Headers) -> set[str]:
    return signature.signed_headers(method, path, headers, iam.ACCESS_KEY, iam.SECRET_KEY)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
