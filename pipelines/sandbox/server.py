"""The sandbox's sockets: HTTP requests in, answers of iam.py and cbr.py out.

Belongs here: routing, headers, the server's life. Enters: bodies to serve. Leaves: a `Sandbox` that says
where it listens and how clouds.yaml would name it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines import clock
from pipelines.sandbox import iam
from pipelines.sandbox.answers import BAD_TOKEN, FORBIDDEN, NO_SUCH_API, Answer
from pipelines.sandbox.cbr import Body, Cbr
from pipelines.sandbox.estate import estate


class Sandbox:
    """A running service. `requests` counts what was asked of it, by kind."""

    def __init__(self, backups: Iterable[Body], port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self.iam = iam.Iam()
        self.cbr = Cbr(backups)
        self.requests: Counter[str] = Counter()
        handler = type("Bound", (_Handler,), {"sandbox": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

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
            "project_domain_name": iam.DOMAIN,
        }
        return {"auth_type": "v3password", "auth": auth, "region_name": iam.REGION}

    def answer(self, method: str, path: str, token: str | None, content: bytes) -> Answer:
        """Answer one request."""
        where = urlsplit(path)
        match method, *(unquote(step) for step in where.path.strip("/").split("/")):
            case ["GET", "v3"]:
                return Answer(200, {"version": {"id": "v3.6", "status": "stable", "links": []}})
            case ["POST", "v3", "auth", "tokens"]:
                self.requests["token"] += 1
                return self.iam.issue(_json(content), self.url)
            case ["GET", "v3", project, "backups", *rest] if len(rest) < 2:
                self.requests["show" if rest else "list"] += 1
                return self._refused(project, token) or (
                    self.cbr.show(rest[0]) if rest else self.cbr.list(parse_qs(where.query))
                )
        return NO_SUCH_API

    def _refused(self, project: str, token: str | None) -> Answer | None:
        allowed = self.iam.project_of(token)
        if allowed is None:
            return BAD_TOKEN
        return None if allowed == project == iam.PROJECTS[iam.REGION] else FORBIDDEN


class _Handler(BaseHTTPRequestHandler):
    sandbox: ClassVar[Sandbox]
    protocol_version = "HTTP/1.1"
    server_version = "cbr-warehouse-sandbox"
    sys_version = ""
    wbufsize = -1  # one segment an answer: two would wait for each other
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.sandbox.answer(self.command, self.path, self.headers.get("X-Auth-Token"), content)
        body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(answer.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **answer.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _serve  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing: the reader counts its own requests."""


@contextmanager
def serve(backups: Iterable[Body] | None = None, port: int = 0) -> Iterator[Sandbox]:
    """Serve `backups`, or the synthetic estate as it stands at this instant, until the block is left."""
    sandbox = Sandbox(estate(clock.utc_now()) if backups is None else backups, port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
