"""Every wait has an end: slow answers, libraries that never return, interrupts."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session

from pipelines.config import Settings
from pipelines.extract.scope_result import ScopeResult
from pipelines.extract.scopes import land_scopes
from pipelines.landing.manifest import read_snapshots
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.responses import iam_error
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml, elsewhere
from tests.given import server, volume

Answering = Callable[[BaseHTTPRequestHandler], bool]  # tells whether it answered


@contextmanager
def before(service: Sandbox, answering: Answering) -> Iterator[dict[str, Any]]:
    """A server before `service` that asks `answering` first; yields its entry of clouds.yaml."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if answering(self):
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = service.respond(self.command, self.path, headers, content)
            self.send_response(answer.status)
            for name, value in ({"Content-Length": str(len(answer.content()))} | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content())

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{listening.server_address[1]}"
        entry = service.cloud()
        entry["auth"]["auth_url"] = f"{url}/v3"
        yield entry | {"cbr_endpoint_override": url}
        listening.shutdown()


def dripping(asked: str, part: str) -> Answering:
    """Response what `asked` names with a byte now and then, for ever."""

    def answering(handler: BaseHTTPRequestHandler) -> bool:
        if asked not in handler.path:
            return False
        start = b"HTTP/1.1 200 OK\r\n"
        handler.wfile.write(start + (b"Content-Length: 1000000\r\n\r\n" if part == "body" else b"X-Slow: "))
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.02)

    return answering


@pytest.fixture
def read(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, ScopeResult]]:
    """Read clouds side by side, as a run that holds the home does."""
    home.prepare()
    monkeypatch.setattr("pipelines.extract.scopes.CHECK_SECONDS", 0.05)

    def reading(retry_seconds: float = 0.1, **clouds: Any) -> dict[str, ScopeResult]:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, **clouds)))
        environ = {"CBR_CLOUDS": ",".join(clouds), "CBR_RETRY_SECONDS": str(retry_seconds)}
        with home.lock():
            readings = land_scopes(home, Settings.load(str(home.path), environ), lambda *_: None)
        with home.lock():  # nobody holds it any more
            return {result.scope: result for result in readings}

    return reading


@pytest.mark.parametrize("part", ["headers", "body"])
@pytest.mark.parametrize("asked", ["/auth/tokens", "/backups?", "/backups/s1"])
def test_an_answer_that_drips_has_a_deadline_and_the_other_cloud_is_landed(
    read: Any, home: Home, monkeypatch: pytest.MonkeyPatch, asked: str, part: str
) -> None:
    monkeypatch.setattr("pipelines.extract.transport.REQUEST_SECONDS", 0.4)
    with serve([server("s1")]) as slow, serve([volume("v1")]) as well, before(slow, dripping(asked, part)) as entry:
        readings = read(slow=entry, well=elsewhere(well))
    assert readings["well"].snapshot is not None
    assert readings["slow"].problem is not None
    assert readings["slow"].problem.transient
    assert {snapshot.scope for snapshot in read_snapshots(home)} == {"well"}


def test_a_library_that_never_returns_holds_up_neither_the_other_cloud_nor_the_home(
    read: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.extract.watchdog.STALL_SECONDS", 0.5)
    released, plain = threading.Event(), Session.get_project_id
    with serve([server("s1")]) as blocked, serve([server("s2")]) as well:

        def get_project_id(session: Session, *more: Any) -> str | None:
            assert isinstance(session.auth, BaseIdentityPlugin)
            assert session.auth.auth_url is not None
            if blocked.url in session.auth.auth_url:
                released.wait()
            return plain(session, *more)

        monkeypatch.setattr(Session, "get_project_id", get_project_id)
        readings = read(blocked=blocked.cloud(), well=elsewhere(well))
        assert readings["well"].snapshot is not None
        assert "'blocked' made no progress for 0.5 s and was given up" in str(readings["blocked"].problem)
        [late] = [thread for thread in threading.enumerate() if thread.name == "scope blocked"]
        assert late.daemon
        released.set()
        late.join()
    # What the thread reads after it was given up is landed by nobody.
    assert [path.name for path in home.landed_scope("blocked").iterdir()] == ["attempt.json"]


def test_an_iam_that_refuses_to_say_its_versions_is_not_asked(read: Any) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> bool:
        if handler.command == "GET" and "/backups" not in handler.path:
            body = iam_error(401, "Unauthorized", "The request you have made requires authentication.").content()
            handler.send_response(401)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return True
        return False

    with serve([server("s1")]) as service, before(service, refuse) as entry:
        versioned, plain = entry, entry | {"auth": entry["auth"] | {}}
        assert read(prod=versioned)["prod"].snapshot is not None
        plain["auth"]["auth_url"] = plain["auth"]["auth_url"].removesuffix("/v3")
        assert read(prod=plain)["prod"].snapshot is not None


# Asked to end while a thread of it is blocked for ever, a run ends.
BLOCKED = """
import threading
from keystoneauth1.session import Session

def never(*_):
    print("blocked", flush=True)
    threading.Event().wait()

Session.get_project_id = never
"""


RUNS = {
    "cbr-warehouse run": "from pipelines.cli import entry\nsys.argv[1:] = ['run']\nentry()",
    "a run of the daemon": "from dagster._cli import main\nsys.argv[1:] = "
    "['job', 'execute', '-m', 'pipelines.definitions', '-j', 'cbr_snapshot']\nmain()",
}


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("run", RUNS)
def test_an_interrupt_ends_a_run_though_a_library_is_blocked(
    home: Home, service: Sandbox, tmp_path: Path, run: str, asked: signal.Signals
) -> None:
    environ = os.environ | {
        "OS_CLIENT_CONFIG_FILE": str(clouds_yaml(tmp_path, prod=service.cloud())),
        "CBR_CLOUDS": "prod",
        "CBR_HOME": str(home.path),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-c", f"import sys\n{BLOCKED}\n{RUNS[run]}"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "blocked\n" in iter(process.stdout.readline, "")
            process.send_signal(asked)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == (128 + asked if run == "cbr-warehouse run" else 1)
    if run == "cbr-warehouse run":
        assert "interrupted" in stderr
        assert "Traceback" not in stderr
    with home.lock():
        assert read_snapshots(home) == []
