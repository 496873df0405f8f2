"""Reading a service over HTTP into a landing."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.extract import client, landing
from pipelines.extract.landing import LIST, SHOW, Snapshot
from pipelines.extract.snapshot import land
from pipelines.home import Home
from pipelines.problem import Problem
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.answers import Answer, cbr_error, gateway_error, malformed_url
from tests.conftest import clouds_yaml
from tests.given import AS_OF, Body, server, volume

Answering = Callable[[str, str, Answer], Answer]  # method, path, the answer that would be


@pytest.fixture
def read(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Snapshot]:
    """Read a service with `backups`, its answers changed by `answering`."""
    monkeypatch.setattr(client, "FIRST_WAIT", 0.001)

    def reading(
        backups: list[Body], answering: Answering | None = None, cloud: dict[str, Any] | None = None
    ) -> Snapshot:
        home.prepare()
        with serve(backups) as service:
            if answering:
                _change(service, answering)
            path = clouds_yaml(tmp_path, prod=service.cloud() | (cloud or {}))
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
            return land(home, "prod", lambda *_: None)

    return reading


def _change(service: Sandbox, answering: Answering) -> None:
    plain = service.answer
    service.answer = lambda method, path, token, content: answering(method, path, plain(method, path, token, content))  # type: ignore[method-assign]


def many(count: int) -> list[Body]:
    return [volume(f"b{number:04}", resource_id=f"disk-{number}") for number in range(count)]


def bodies(home: Home, snapshot: Snapshot, kind: str) -> list[Any]:
    return [json.loads(line) for _, line in landing.lines(home, snapshot, kind)]


def test_a_snapshot_is_all_pages_and_the_details_of_what_may_have_children(
    home: Home, read: Callable[..., Snapshot]
) -> None:
    backups = [server("s1"), server("s2"), volume("v1"), volume("x1", resource_type="OS::New::Kind")]
    snapshot = read(backups)
    assert (snapshot.complete, snapshot.pages, snapshot.listed, snapshot.shown) == (True, 1, 4, 3)
    assert snapshot.requests == 4
    assert [body["backup"] for body in bodies(home, snapshot, SHOW)] == [backups[0], backups[1], backups[3]]
    assert {item["id"] for page in bodies(home, snapshot, LIST) for item in page["backups"]} == {"s1", "s2", "v1", "x1"}


def test_more_backups_than_a_page_holds_are_read_page_by_page(home: Home, read: Callable[..., Snapshot]) -> None:
    snapshot = read(many(2050))
    assert (snapshot.complete, snapshot.pages, snapshot.listed, snapshot.requests) == (True, 3, 2050, 3)


def test_an_empty_project_is_complete(read: Callable[..., Snapshot]) -> None:
    snapshot = read([])
    assert (snapshot.complete, snapshot.listed, snapshot.pages) == (True, 0, 1)


def _pages(change: Callable[[int, Body], Body]) -> Answering:
    """Change the n-th list page."""
    seen = iter(range(1, 100))

    def answering(_method: str, path: str, answer: Answer) -> Answer:
        return Answer(answer.status, change(next(seen), answer.body)) if "/backups?" in path else answer

    return answering


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda n, page: page | {"count": page["count"] - (n == 2)}, "moved between 1499 and 1500"),
        (lambda n, page: page if n == 1 else page | {"backups": []}, "1000 backups were read where the service counts 1500"),
        (lambda n, page: page if n == 1 else page | {"backups": [*page["backups"][:-1], {"id": "b0000"}]}, "1 backups stood on two pages"),
        (lambda _, page: {key: value for key, value in page.items() if key != "count"}, "did not say how many"),
    ],
)  # fmt: skip
def test_a_missing_page_never_looks_like_a_deletion(read: Callable[..., Snapshot], change: Any, reason: str) -> None:
    snapshot = read(many(1500), _pages(change))
    assert not snapshot.complete
    assert reason in str(snapshot.incomplete_reason)


def test_a_service_that_ignores_the_offset_is_not_read_for_ever(read: Callable[..., Snapshot]) -> None:
    first: list[Body] = []

    def change(_n: int, page: Body) -> Body:
        first.append(page)
        return first[0]

    assert read(many(1500), _pages(change)).complete is False


@pytest.mark.parametrize("gone", [cbr_error(404, 6200, "gone"), malformed_url()])
def test_a_backup_that_vanishes_before_its_details_are_read_is_no_error(
    read: Callable[..., Snapshot], gone: Answer
) -> None:
    snapshot = read([server("s1"), server("s2")], lambda _, path, answer: gone if path.endswith("/s1") else answer)
    assert (snapshot.complete, snapshot.vanished, snapshot.shown) == (True, ("s1",), 1)


@pytest.mark.parametrize(
    "fault",
    [
        gateway_error(429, "0308", "limit:1,time:1 second"),
        gateway_error(502, "0201", "bad gateway"),
        cbr_error(500, 9998, "Authentication failed"),
        gateway_error(401, "0301", "token expired"),
        Answer(200, "<html>maintenance</html>"),
        Answer(200, {"backup": {"id": "another"}}),
    ],
)
def test_a_passing_fault_is_tried_again(read: Callable[..., Snapshot], fault: Answer) -> None:
    faults = iter([fault])
    snapshot = read([server("s1")], lambda _, path, answer: next(faults, answer) if path.endswith("/s1") else answer)
    assert (snapshot.complete, snapshot.shown, snapshot.retries) == (True, 1, 1)


def test_a_fault_that_does_not_pass_is_a_problem_and_leaves_no_snapshot(
    home: Home, read: Callable[..., Snapshot]
) -> None:
    with pytest.raises(Problem, match="did not answer after 6 tries: 502"):
        read(
            [server("s1")], lambda _, path, answer: gateway_error(502, "0201", "x") if path.endswith("/s1") else answer
        )
    assert landing.snapshots(home) == []


def test_a_project_without_rights_says_what_to_grant(read: Callable[..., Snapshot]) -> None:
    with pytest.raises(Problem, match=r"may not read the backups.*8600.*Grant its user CBR ReadOnlyAccess"):
        read([], lambda _, path, answer: cbr_error(403, 8600, "no") if "/backups" in path else answer)


@pytest.mark.parametrize("ending", ["", "/v3", "/v3/%(project_id)s", "/"])
def test_an_endpoint_may_be_written_with_or_without_version_and_project(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    home.prepare()
    with serve([volume()]) as service:
        cloud = service.cloud() | {"cbr_endpoint_override": service.url + ending}
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=cloud)))
        assert land(home, "prod", lambda *_: None).listed == 1


def test_a_redirect_is_not_followed(read: Callable[..., Snapshot]) -> None:
    with pytest.raises(Problem, match="answered 302"):
        read(
            [],
            lambda _, path, answer: (
                Answer(302, {}, {"Location": "http://127.0.0.1:1/x"}) if "/backups" in path else answer
            ),
        )


def test_landing_is_private_and_holds_the_bodies_and_no_secret(home: Home, read: Callable[..., Snapshot]) -> None:
    snapshot = read([server("s1")])
    folder = home.landed("prod", snapshot.snapshot_id)
    files = [*folder.iterdir()]
    assert {path.name for path in files} == {"list-00001.ndjson.zst", "show-00001.ndjson.zst", "manifest.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, home.landing, home.path)} == {0o700}
    raw = (folder / "manifest.json").read_text() + "".join(str(bodies(home, snapshot, kind)) for kind in (LIST, SHOW))
    assert "sandbox-password" not in raw
    assert "MII" not in raw


def test_line_breaks_between_tokens_become_spaces_and_nothing_else_changes(home: Home) -> None:
    sent = b'{\r\n "backups": [],\n "odd": "\\n\xc3\xa9\xe2\x80\xa8 "}'
    home.prepare()
    with landing.Landing(home, "prod", "20260301T120000Z") as folder:
        folder.write(LIST, sent)
        folder.write(LIST, b"{}")
        snapshot = folder.commit(**ABOUT)
    assert list(landing.lines(home, snapshot, LIST)) == [
        ("list-00001.ndjson.zst:1", sent.replace(b"\r\n", b"  ").replace(b"\n", b" ")),
        ("list-00001.ndjson.zst:2", b"{}"),
    ]
    assert landing.snapshots(home) == [snapshot]


ABOUT = {
    "scope": "prod", "snapshot_id": "20260301T120000Z", "as_of": AS_OF, "finished_at": AS_OF, "complete": True,
    "incomplete_reason": None, "is_sandbox": False, "region": None, "project_id": "p", "pages": 1, "listed": 0,
    "shown": 0, "vanished": (), "requests": 1, "retries": 0,
}  # fmt: skip


def test_a_folder_without_a_manifest_is_no_snapshot(home: Home) -> None:
    home.prepare()
    with landing.Landing(home, "prod", "20260301T120000Z") as folder:
        folder.write(LIST, b"{}")
    assert landing.snapshots(home) == []
