"""Secrets and sizes: what a service or a library says of a request shows none, and is not read without a limit."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import ReadSettings, Settings
from pipelines.extract.redactor import FRAGMENT, Redactor
from pipelines.extract.scopes import land_scopes
from pipelines.landing.attempts import read_attempts
from pipelines.landing.manifest import read_snapshots
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.responses import Response
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml
from tests.given import server

SECRET = 'p4$s/w+rd "quoted" & long'


def knowing(*secrets: str) -> Redactor:
    redactor = Redactor()
    redactor.add(*secrets)
    return redactor


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"password={SECRET}!", "password=...!"),
        (json.dumps({"was": SECRET}), '{"was": "..."}'),
        ("http://user:p4%24s%2Fw%2Brd%20%22quoted%22%20%26%20long@host", "http://user:...@host"),
        (f"it began with {SECRET[:FRAGMENT]} and ended with {SECRET[-FRAGMENT - 1:]}", "it began with ... and ended with ..."),
        (f"{SECRET[:FRAGMENT - 1]} is too short to tell", f"{SECRET[:FRAGMENT - 1]} is too short to tell"),
        ("nothing of it", "nothing of it"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_secret_is_taken_out_whole_in_pieces_and_encoded(text: str, left: str) -> None:
    assert knowing(SECRET).clean(text) == left


def test_a_short_secret_is_taken_out_whole() -> None:
    assert knowing("tiger", "").clean("the tiger of Tigerland") == "the ... of Tigerland"


def test_what_an_entry_holds_beside_its_names_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://bob:proxy-word@@proxy.invalid:3128")
    auth = {
        "auth_url": "https://iam.example/v3?key=url-word", "username": "auditor", "user-domain-name": "account",
        "project_name": "cn-north-4", "password": "pass-word", "security_token": "token-word", "secret_key": "key-word",
    }  # fmt: skip
    redactor = Redactor()
    redactor.add_cloud({"auth": auth}, {"CBR_WEBHOOK": "https://hooks.example/hook-word?x=y"})
    for word in ("pass-word", "token-word", "key-word", "url-word", "proxy-word", "hook-word"):
        assert redactor.clean(f"<{word}>") == "<...>"
    assert redactor.clean("auditor account cn-north-4 iam.example") == "auditor account cn-north-4 iam.example"


# Each way in which a service may quote a request, as the answer to one for a token or for backups.
QUOTES: dict[str, Callable[[str], Response]] = {
    "message of IAM": lambda s: Response(401, {"error": {"code": 401, "message": f"bad password {s}", "title": "x"}}),
    "code of CBR": lambda s: Response(400, {"error_code": s, "error_msg": "no"}),
    "message of CBR": lambda s: Response(403, {"error_code": "x", "error_msg": f"token {s} may not"}),
    "pieces": lambda s: Response(400, {"error_code": "x", "error_msg": " ".join(s[n : n + 12] for n in range(0, len(s), 12))}),
    "page with 200": lambda s: Response(200, s.encode(), {"Content-Type": "text/html"}),
    "page with 502": lambda s: Response(502, f"<pre>{s}</pre>".encode(), {"Content-Type": "text/html"}),
    "content type": lambda s: Response(404, b"x", {"Content-Type": f"text/{s}"}),
}  # fmt: skip


@pytest.mark.parametrize("asked", ["tokens", "backups?", "backups/s1"])
@pytest.mark.parametrize("way", QUOTES)
def test_what_a_service_quotes_of_a_request_is_neither_said_nor_kept(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, asked: str
) -> None:
    home.prepare()
    with serve([server("s1")]) as service:
        entry = service.cloud()
        entry["auth"] |= {"password": "Correct.Horse.7"} if asked == "tokens" else {}
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=entry)))
        plain, quoted = service.respond, []

        def quoting(method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
            if asked not in path:
                return plain(method, path, headers, content)
            secret = (
                headers.get("x-auth-token") or json.loads(content)["auth"]["identity"]["password"]["user"]["password"]
            )
            quoted.append(secret)
            return QUOTES[way](secret)

        monkeypatch.setattr(service, "respond", quoting)
        environ = {"CBR_CLOUDS": "prod", "CBR_RETRY_SECONDS": "0.05"}
        [reading] = land_scopes(home, Settings.load(str(home.path), environ), lambda *_: None)
    assert reading.problem is not None
    [attempt] = read_attempts(home, read_snapshots(home))
    assert attempt.problem == str(reading.problem)
    assert quoted
    for secret in quoted:
        pieces = {secret[start : start + FRAGMENT] for start in range(len(secret) - FRAGMENT + 1)}
        assert not [piece for piece in pieces if piece in str(reading.problem)]


def packed(size: int) -> bytes:
    return gzip.compress(b'{"backups": [], "x": "' + b" " * size + b'"}')


@pytest.mark.parametrize("asked", ["tokens", "backups?", "backups/s1"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_an_answer_has_a_largest_size_and_takes_no_memory_beyond_it(
    home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, is_packed: bool
) -> None:
    size = 60_000_000
    large = Response(200, packed(size), {"Content-Encoding": "gzip"}) if is_packed else Response(200, b" " * size)
    home.prepare()
    with serve([server("s1")]) as small:
        plain = small.respond
        monkeypatch.setattr(small, "respond", lambda *request: large if asked in request[1] else plain(*request))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=small.cloud())))
        environ = {"CBR_CLOUDS": "prod", "CBR_RETRY_SECONDS": "5", "CBR_MAX_RESPONSE_MB": "2"}
        tracemalloc.start()
        [reading] = land_scopes(home, Settings.load(str(home.path), environ), lambda *_: None)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "a response is larger than 2 MB" in str(reading.problem)
    assert "CBR_MAX_RESPONSE_MB" in str(reading.problem)
    assert peak < 20_000_000


def test_an_answer_may_be_64_megabytes() -> None:
    assert ReadSettings().max_response_mb == Settings.load(environ={}).reading.max_response_mb == 64
