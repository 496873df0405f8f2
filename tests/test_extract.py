"""Reading a service over HTTP into a landing: whole, or said not to be; gentle; cheap on a quiet day."""

import json
import stat
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import clock
from pipelines.config import Settings
from pipelines.errors import WarehouseError
from pipelines.extract.reuse import REFRESH_DAYS, landed_id, refresh_day, refresh_days_between
from pipelines.extract.scopes import land_scopes
from pipelines.extract.snapshot import land_scope
from pipelines.landing.attempts import read_attempts
from pipelines.landing.manifest import LIST, SHOW, Snapshot, read_snapshots
from pipelines.landing.reader import read_lines
from pipelines.landing.wire import id_of, parse
from pipelines.landing.writer import LINES_A_FRAME, SnapshotWriter
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.faults import LIST as LISTING
from pipelines.sandbox.faults import SHOW as SHOWING
from pipelines.sandbox.faults import TRANSIENT, Fault, Faults
from pipelines.sandbox.quota import Quota
from pipelines.sandbox.responses import Response, cbr_error, gateway_error, html, malformed_url
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml, elsewhere, scope_run
from tests.given import AS_OF, Body, server, volume

Change = Callable[[str, Response], Response]  # path, the answer that would be
Read = Callable[..., Snapshot]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.scope.READ_TIMEOUT", 0.5)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.client.PAGE_SIZE", 100)


@pytest.fixture
def read(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a service as the scope `prod`."""
    home.prepare()

    def reading(service: Sandbox, *, full: bool = False, **settings: object) -> Snapshot:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=service.cloud())))
        for name, value in ({"retry_seconds": 10} | settings).items():
            monkeypatch.setenv(f"CBR_{name.upper()}", str(value))
        chosen = Settings.load(str(home.path), full=full)
        return land_scope(scope_run(home, chosen))

    return reading


@pytest.fixture
def at_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock, which then stands still but for a second each time it is read."""

    def set_to(moment: datetime) -> None:
        ticks = iter(range(10_000))
        monkeypatch.setattr(clock, "utc_now", lambda: moment + timedelta(seconds=next(ticks)))

    return set_to


def changed(service: Sandbox, change: Change) -> Sandbox:
    plain = service.respond
    service.respond = lambda method, path, *rest: change(path, plain(method, path, *rest))  # type: ignore[method-assign]
    return service


def many(count: int, make: Callable[..., Body] = volume) -> list[Body]:
    start = datetime(2026, 2, 1)
    return [
        make(f"b{n:04}", resource_id=f"r{n}", created_at=(start + timedelta(minutes=n)).isoformat())
        for n in range(count)
    ]


def bodies(home: Home, snapshot: Snapshot, kind: str) -> list[Any]:
    return [json.loads(line) for _, line in read_lines(home, snapshot, kind)]


def listed_ids(home: Home, snapshot: Snapshot) -> set[str]:
    return {item["id"] for page in bodies(home, snapshot, LIST) for item in page["backups"]}


def test_a_snapshot_is_all_pages_and_the_details_of_every_backup(home: Home, read: Read) -> None:
    backups = [server("s1"), server("s2"), volume("v1"), volume("x1", resource_type="OS::New::Kind")]
    with serve(backups) as service:
        snapshot = read(service)
        assert service.requests == {"token": 1, "list": 2, "show": 4}
    assert (snapshot.complete, snapshot.pages, snapshot.listed, snapshot.shown) == (True, 2, 4, 4)
    assert snapshot.requests == service.requests["list"] + service.requests["show"] + service.input_requests.total()
    shown = sorted((body["backup"] for body in bodies(home, snapshot, SHOW)), key=lambda body: str(body["id"]))
    assert shown == backups
    assert listed_ids(home, snapshot) == {"s1", "s2", "v1", "x1"}
    assert snapshot.is_sandbox


@pytest.mark.usefixtures("small_pages")
def test_more_backups_than_a_page_holds_are_read_page_by_page(home: Home, read: Read) -> None:
    with serve(many(205)) as service:
        snapshot = read(service)
    assert (snapshot.complete, snapshot.pages, snapshot.looks, snapshot.listed) == (True, 4, 1, 205)
    assert len(listed_ids(home, snapshot)) == 205


def test_an_empty_project_is_complete(read: Read) -> None:
    with serve([]) as service:
        snapshot = read(service)
    assert (snapshot.complete, snapshot.listed, snapshot.pages) == (True, 0, 1)


# A page that is missing, moved or doubled.


def pages(change: Callable[[int, Body], Body]) -> Change:
    """Change the n-th list page."""
    seen = iter(range(1, 1000))
    return lambda path, answer: Response(200, change(next(seen), answer.body)) if "/backups?" in path else answer


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda n, page: page | {"count": page["count"] - n % 2}, "changed between 149 and 150"),
        (lambda n, page: page if n % 2 else page | {"backups": []}, "100 backups were read where the service counts 150"),
        (lambda n, page: page if n % 2 else page | {"backups": [*page["backups"][:-1], {"id": "b0000"}]}, "1 backups were on two pages"),
        (lambda n, page: page if n % 2 else page | {"backups": page["backups"][1:]}, "1 backups were on two pages"),
        (lambda _, page: page | {"count": 151}, "150 backups were read where the service counts 151"),
        (lambda _, page: {key: value for key, value in page.items() if key != "count"}, "did not say how many"),
    ],
)  # fmt: skip
def test_a_missing_page_never_looks_like_a_deletion(read: Read, change: Any, reason: str) -> None:
    with serve(many(150)) as service:
        snapshot = read(changed(service, pages(change)))
    assert not snapshot.complete
    assert reason in str(snapshot.incomplete_reason)


@pytest.mark.usefixtures("small_pages")
def test_a_list_that_moved_is_read_again_until_two_looks_agree(home: Home, read: Read) -> None:
    """A backup goes while another comes: the count stands still, and one slips past the edge of the page."""
    with serve(many(150)) as service:
        store: Any = service.cbr.backups

        def move(path: str, answer: Response) -> Response:
            if service.requests["list"] == 1 and "offset=0" in path:
                store.remove("b0000")
                store.add(volume("b9999", created_at="2026-02-20T00:00:00"))
            return answer

        snapshot = read(changed(service, move))
        truth = set(store.ids())
    assert (snapshot.complete, snapshot.looks) == (True, 3)
    assert listed_ids(home, snapshot) == truth


@pytest.mark.usefixtures("small_pages")
def test_a_service_that_ignores_the_offset_is_not_read_for_ever(read: Read) -> None:
    with serve(many(150)) as service:
        first = service.cbr.list({"limit": ["100"]})
        snapshot = read(changed(service, lambda path, answer: first if "/backups?" in path else answer))
    assert not snapshot.complete


def short_pages(size: int, count: Callable[[int, Body], Any]) -> Change:
    """A service that sends `size` backups a page at the most, and counts as `count` says of the whole and a page."""

    def change(path: str, answer: Response) -> Response:
        if "/backups?" not in path:
            return answer
        page = answer.body | {"backups": answer.body["backups"][:size], "limit": size}
        return Response(200, page | {"count": count(answer.body["count"], page)})

    return change


def test_pages_that_are_shorter_than_what_was_asked_for_are_read_to_their_end(home: Home, read: Read) -> None:
    with serve(many(21)) as service:
        snapshot = read(changed(service, short_pages(5, lambda whole, _: whole)))
    assert (snapshot.complete, snapshot.listed, len(listed_ids(home, snapshot))) == (True, 21, 21)


@pytest.mark.parametrize("size", [5, 20])
def test_a_count_of_the_page_is_no_count_of_the_whole(read: Read, size: int) -> None:
    with serve(many(21)) as service:
        snapshot = read(changed(service, short_pages(size, lambda _, page: len(page["backups"]))))
    assert not snapshot.complete
    assert "where the service counts" in str(snapshot.incomplete_reason) or "changed between" in str(
        snapshot.incomplete_reason
    )


@pytest.mark.parametrize("count", [50, 20])
def test_the_first_page_for_ever_is_neither_complete_nor_read_for_ever(read: Read, count: int) -> None:
    with serve(many(50)) as service:
        first = Response(200, service.cbr.list({"limit": ["20"]}).body | {"count": count})
        snapshot = read(changed(service, lambda path, answer: first if "/backups?" in path else answer))
        assert service.requests["list"] == 4  # two looks that say the same
    assert not snapshot.complete


def test_a_list_that_grows_with_every_page_is_not_read_for_ever(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.backup_list.PAGE_SIZE", 10)

    def grown(path: str, answer: Response) -> Response:
        if "/backups?" not in path:
            return answer
        offset = int(path.partition("offset=")[2].partition("&")[0])
        items = [{"id": f"n{offset + number}"} for number in range(10)]
        return Response(200, {"backups": items, "count": offset + 20})

    with serve([]) as service:
        snapshot = read(changed(service, grown))
        assert service.requests["list"] < 50
    assert not snapshot.complete


@pytest.mark.parametrize("item", [{"id": None}, {"id": ""}, {}, None, "b0003", 7, {"id": True}, {"id": {}}])
def test_while_an_item_can_not_be_told_nothing_absent_is_known_to_be_gone(read: Read, item: Any) -> None:
    with serve(many(6)) as service:
        if isinstance(item, dict):
            item = {key: value for key, value in many(6)[3].items() if key != "id"} | item

        def disguise(path: str, answer: Response) -> Response:
            if "/backups?" not in path:
                return answer
            backups = [item if listed["id"] == "b0003" else listed for listed in answer.body["backups"]]
            return Response(200, answer.body | {"backups": backups})

        snapshot = read(changed(service, disguise))
    assert (snapshot.complete, snapshot.listed) == (False, 5)
    assert "1 items of the list have no id, and may be any of the backups" in str(snapshot.incomplete_reason)


# A list that has lost most of what it had.


def test_most_of_a_list_is_gone_when_it_is_said_twice(home: Home, read: Read) -> None:
    with serve(many(10)) as service:
        store: Any = service.cbr.backups
        assert not read(service).confirmed
        for backup_id in store.ids()[:5]:
            store.remove(backup_id)
        half = read(service)
        assert (half.complete, half.confirmed, half.looks) == (True, False, 1)
        for backup_id in store.ids()[:3]:
            store.remove(backup_id)
        service.requests.clear()
        most = read(service)
        assert service.requests["list"] == 4
    assert (most.complete, most.confirmed, most.looks, most.listed) == (True, True, 2, 2)
    assert read_snapshots(home)[-1] == most


@pytest.mark.parametrize("left", [0, 1, 4])
def test_a_service_that_forgets_most_backups_for_a_moment_is_not_believed(home: Home, read: Read, left: int) -> None:
    with serve(many(10)) as service:
        read(service)
        service.requests.clear()

        def forget(path: str, answer: Response) -> Response:
            if "/backups?" in path and service.requests["list"] <= 2 - (left == 0):
                backups = service.cbr.list({}).body["backups"][::-1][:left]
                return Response(200, {"backups": backups[-1:] if "offset=0" not in path else backups, "count": left})
            return answer

        snapshot = read(changed(service, forget))
    assert (snapshot.complete, snapshot.confirmed, snapshot.listed) == (True, False, 10)
    assert len(listed_ids(home, snapshot)) == 10


def test_backups_that_were_all_replaced_are_lost_too(read: Read) -> None:
    with serve(many(4)) as service:
        store: Any = service.cbr.backups
        read(service)
        for number, backup_id in enumerate(list(store.ids())):
            store.remove(backup_id)
            store.add(volume(f"new{number}"))
        snapshot = read(service)
    assert (snapshot.complete, snapshot.confirmed, snapshot.listed) == (True, True, 4)


def test_the_list_is_asked_for_as_the_api_wants_it(read: Read) -> None:
    paths: list[str] = []
    with serve(many(1)) as service:
        read(changed(service, lambda path, answer: (paths.append(path), answer)[1]))
    queries = {path.partition("?")[2] for path in paths if "/backups?" in path}
    assert queries == {"limit=1000&offset=0&sort=created_at%3Aasc%2Cid%3Aasc&show_replication=true"}


# A backup that is gone, or seems to be.


@pytest.mark.parametrize("not_found", [cbr_error(404, 6200, "gone"), malformed_url()])
def test_a_backup_that_vanishes_before_its_details_are_read_is_no_error(read: Read, not_found: Response) -> None:
    with serve([server("s1"), server("s2")]) as service:
        store: Any = service.cbr.backups

        def vanish(path: str, answer: Response) -> Response:
            if path.endswith("/s1"):
                store.remove("s1")
                return not_found
            return answer

        snapshot = read(changed(service, vanish))
    assert (snapshot.complete, snapshot.vanished, snapshot.shown) == (True, ("s1",), 1)


@pytest.mark.parametrize("not_found", [cbr_error(404, 6200, "gone"), malformed_url()])
def test_a_backup_that_the_list_still_names_has_not_vanished(home: Home, read: Read, not_found: Response) -> None:
    with serve([server("s1"), server("s2")]) as service:
        snapshot = read(changed(service, lambda path, answer: not_found if path.endswith("/s1") else answer))
    assert (snapshot.complete, snapshot.vanished, snapshot.shown, snapshot.unread) == (True, (), 1, 1)
    assert "s1" in listed_ids(home, snapshot)


@pytest.mark.usefixtures("small_pages")
def test_a_look_that_is_not_whole_proves_no_absence(read: Read) -> None:
    with serve([*many(150), server("zz", created_at="2026-02-20T00:00:00")]) as service:

        def seem_gone(path: str, answer: Response) -> Response:
            if path.endswith("/zz"):
                return cbr_error(404, 6200, "gone")
            late = service.requests["show"] > 0 and "offset=99" in path
            return Response(200, answer.body | {"backups": answer.body["backups"][:-1]}) if late else answer

        snapshot = read(changed(service, seem_gone))
    assert (snapshot.complete, snapshot.vanished, snapshot.unread) == (True, (), 1)


def test_a_body_of_another_backup_is_not_taken(home: Home, read: Read) -> None:
    with serve([server("s1"), server("s2")]) as service:
        other = service.cbr.show("s2")
        twice = iter([other, other])
        snapshot = read(changed(service, lambda path, answer: next(twice, answer) if path.endswith("/s1") else answer))
    assert {body["backup"]["id"] for body in bodies(home, snapshot, SHOW)} == {"s1", "s2"}
    assert snapshot.retries == 2


def test_one_answer_that_it_is_gone_is_not_believed(read: Read) -> None:
    with serve([server("s1")]) as service:
        once = iter([cbr_error(404, 6200, "gone")])
        snapshot = read(changed(service, lambda path, answer: next(once, answer) if path.endswith("/s1") else answer))
        assert service.requests["list"] == 2
    assert (snapshot.vanished, snapshot.shown) == ((), 1)


@pytest.mark.parametrize("odd", [".", ".."])
def test_an_id_that_is_a_step_in_a_path_is_never_asked_for(read: Read, odd: str) -> None:
    with serve([server(odd), server("s1")]) as service:
        assert (read(service).shown, service.requests["show"]) == (1, 1)


@pytest.mark.parametrize(
    "answer", [html(404), gateway_error(404, "0101", "no such API"), cbr_error(404, 6105, "no vault")]
)
def test_a_404_of_somebody_else_is_no_deletion(home: Home, read: Read, answer: Response) -> None:
    with serve([server("s1")]) as service, pytest.raises(WarehouseError, match="answered cloud 'prod' with 404"):
        read(changed(service, lambda path, plain: answer if path.endswith("/s1") else plain))
    assert read_snapshots(home) == []


# Faults that pass, and faults that do not.


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param(kind, fault, id=f"{kind}-{fault.name}")
        for kind in (LISTING, SHOWING, "token")
        for fault in TRANSIENT
        # IAM does not have the faults of CBR.
        if kind != "token" or fault not in (Fault.AUTHENTICATION, Fault.EXPIRED)
    ],
)
def test_a_transient_fault_is_retried(home: Home, read: Read, kind: str, fault: Fault) -> None:
    with serve([server("s1"), server("s2")]) as service:
        service.faults = Faults.script(kind, [fault])
        snapshot = read(service)
        truth = set(service.cbr.backups.ids())
    assert (snapshot.complete, snapshot.shown) == (True, 2)
    assert listed_ids(home, snapshot) == truth
    if kind != "token" and fault is not Fault.SLOW:
        assert 1 <= snapshot.retries <= 2  # two threads may meet the end of one token


def test_a_new_token_is_fetched_once_for_all_threads(read: Read) -> None:
    with serve(many(40, server)) as service:
        service.latency = 0.02
        lost = threading.Event()

        def lose(path: str, answer: Response) -> Response:
            if service.requests["show"] == 20 and not lost.is_set():
                lost.set()
                service.iam.tokens.clear()
            return answer

        snapshot = read(changed(service, lose))
        assert service.requests["token"] == 2
    assert (snapshot.complete, snapshot.shown) == (True, 40)


def test_a_long_reading_outlives_its_token(read: Read) -> None:
    with serve(many(60, server)) as service:
        service.latency = 0.02
        service.iam.lifetime = timedelta(seconds=0.1)
        snapshot = read(service, concurrency=2)
        assert service.requests["token"] > 2
    assert (snapshot.complete, snapshot.shown) == (True, 60)


def test_a_service_that_refuses_every_new_token_is_a_problem(read: Read) -> None:
    refused = gateway_error(401, "0307", "The token must be updated")
    with (
        serve([]) as service,
        pytest.raises(WarehouseError, match=r"keeps refusing its credentials: 401 APIGW\.0307"),
    ):
        read(changed(service, lambda path, answer: refused if "/backups" in path else answer))


def test_a_fault_that_does_not_pass_is_a_problem_and_leaves_no_snapshot(home: Home, read: Read) -> None:
    with (
        serve([server("s1")]) as service,
        pytest.raises(WarehouseError, match=r"gave no valid response in 0\.2 s: 502"),
    ):
        read(changed(service, lambda path, answer: html(502) if path.endswith("/s1") else answer), retry_seconds=0.2)
    assert read_snapshots(home) == []


@pytest.mark.parametrize("answer", [cbr_error(403, 8600, "no"), gateway_error(403, "0302", "no")])
def test_a_project_without_rights_says_what_to_grant(read: Read, answer: Response) -> None:
    with (
        serve([]) as service,
        pytest.raises(WarehouseError, match=r"may not read its backups.*Grant its user CBR ReadOnlyAccess"),
    ):
        read(changed(service, lambda path, plain: answer if "/backups" in path else plain))


@pytest.mark.parametrize("ending", ["", "/v3", "/v3/%(project_id)s", "/"])
def test_an_endpoint_may_be_written_with_or_without_version_and_project(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    home.prepare()
    with serve([volume()]) as service:
        cloud = service.cloud() | {"cbr_endpoint_override": service.url + ending}
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=cloud)))
        assert land_scope(scope_run(home, Settings.load(str(home.path)))).listed == 1


def test_a_redirect_is_not_followed_with_the_token(read: Read) -> None:
    with serve([]) as other, serve([]) as service:
        away = Response(302, {}, {"Location": f"{other.url}/v3/x/backups"})
        with pytest.raises(WarehouseError, match="answered cloud 'prod' with 302"):
            read(changed(service, lambda path, answer: away if "/backups" in path else answer))
        assert other.requests.total() == 0


def test_scopes_are_read_side_by_side_and_one_that_fails_stops_no_other(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    with serve([server("a")]) as one, serve([server("b")]) as two:
        bad = one.cloud() | {"auth": one.cloud()["auth"] | {"password": "wrong"}}
        path = clouds_yaml(tmp_path, one=one.cloud(), bad=bad, two=elsewhere(two))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        settings = Settings.load(str(home.path), {"CBR_CLOUDS": "one,bad,two", "CBR_REQUESTS_PER_SECOND": "1000"})
        readings = land_scopes(home, settings, lambda *_: None)
    assert [(r.scope, r.snapshot is not None, r.problem is not None) for r in readings] == [
        ("one", True, False), ("bad", False, True), ("two", True, False),
    ]  # fmt: skip
    assert [(a.scope, a.problem is None) for a in read_attempts(home, read_snapshots(home))] == [
        ("bad", False),
        ("one", True),
        ("two", True),
    ]


def test_a_quota_is_heeded_and_everything_is_read(read: Read) -> None:
    with serve(many(60, server)) as service:
        service.quota = Quota(20)
        snapshot = read(service, requests_per_second=1000)
        assert service.quota.refused > 0
    assert (snapshot.complete, snapshot.shown) == (True, 60)
    # The first burst is refused; after it, the pace is the quota's.
    assert service.quota.refused <= 2 * 8


# A quiet day.


def test_details_are_read_again_only_where_something_changed(home: Home, read: Read, at_time: Any) -> None:
    backups = many(140, server)
    with serve(backups) as service:
        store: Any = service.cbr.backups
        at_time(datetime(2026, 3, 1, 2))
        assert read(service).shown == 140
        at_time(datetime(2026, 3, 2, 2))
        renamed = next(
            n for n in range(2, 140) if refresh_day(f"b{n:04}") != date(2026, 3, 2).toordinal() % REFRESH_DAYS
        )
        store.add(backups[renamed] | {"name": "renamed"})
        store.add(server("new", created_at="2026-03-01T22:00:00"))
        store.remove("b0001")
        service.requests.clear()
        snapshot = read(service)
        due = {
            f"b{n:04}"
            for n in (0, *range(2, 140))
            if refresh_day(f"b{n:04}") == date(2026, 3, 2).toordinal() % REFRESH_DAYS
        }
        assert service.requests == {"token": 1, "list": 2, "show": 2 + len(due)}
    assert (snapshot.complete, snapshot.shown, snapshot.reused) == (True, 2 + len(due), 138 - len(due))
    shown = {body["backup"]["id"]: body["backup"] for body in bodies(home, snapshot, SHOW)}
    assert shown.keys() == set(store.ids())
    assert shown[f"b{renamed:04}"]["name"] == "renamed"
    assert all(shown[body["id"]] == body for n, body in enumerate(backups) if n not in (1, renamed))


def test_a_lone_disk_is_read_once_and_again_when_it_changes_or_after_seven_days(
    home: Home, read: Read, at_time: Any
) -> None:
    """The list leaves out its enterprise project."""
    disk = volume("v1", enterprise_project_id="ep-7")
    with serve([disk]) as service:
        store: Any = service.cbr.backups
        at_time(datetime(2026, 3, 1, 2))
        first = read(service)
        assert (first.shown, bodies(home, first, SHOW)) == (1, [{"backup": disk}])
        assert "enterprise_project_id" not in bodies(home, first, LIST)[0]["backups"][0]
        at_time(datetime(2026, 3, 1, 3))
        unchanged = read(service)
        assert (unchanged.shown, unchanged.reused, bodies(home, unchanged, SHOW)) == (0, 1, [{"backup": disk}])
        store.add(disk | {"name": "renamed"})
        at_time(datetime(2026, 3, 1, 4))
        assert read(service).shown == 1
        at_time(datetime(2026, 3, 9, 2))
        assert read(service).shown == 1


def test_the_same_day_costs_the_list_alone_and_a_full_reading_all(read: Read, at_time: Any) -> None:
    with serve(many(30, server)) as service:
        at_time(datetime(2026, 3, 1, 2))
        read(service)
        at_time(datetime(2026, 3, 1, 3))
        assert (read(service).shown, read(service).reused) == (0, 30)
        assert read(service, full=True).shown == 30


@pytest.mark.parametrize("status", ["protecting", "restoring", "waiting_delete", "frozen"])
def test_what_is_in_a_passing_state_is_read_again(read: Read, at_time: Any, status: str) -> None:
    with serve([server("s1", status=status)]) as service:
        at_time(datetime(2026, 3, 1, 2))
        read(service)
        at_time(datetime(2026, 3, 1, 3))
        assert read(service).shown == 1


def test_a_snapshot_that_is_not_complete_is_no_base(read: Read, at_time: Any) -> None:
    with serve([server("s1")]) as service:
        plain = service.cbr.list
        service.cbr.list = lambda query: Response(200, plain(query).body | {"count": 9})  # type: ignore[method-assign]
        at_time(datetime(2026, 3, 1, 2))
        assert not read(service).complete
        at_time(datetime(2026, 3, 1, 3))
        assert read(service).reused == 0


def test_every_backup_is_read_again_once_in_seven_days() -> None:
    monday = date(2026, 3, 2)
    assert refresh_days_between(monday, monday) == set()
    assert len(refresh_days_between(monday, monday + timedelta(days=1))) == 1
    assert refresh_days_between(monday, monday + timedelta(days=7)) == set(range(7))
    assert refresh_days_between(monday, monday + timedelta(days=400)) == set(range(7))
    week = [refresh_days_between(monday + timedelta(days=n), monday + timedelta(days=n + 1)) for n in range(7)]
    assert set().union(*week) == set(range(7))
    assert {refresh_day(f"b{n}") for n in range(200)} == set(range(7))


@pytest.mark.parametrize(
    "backup",
    [
        b'{"id": "a"}', b'{"id": "a", "id": "b"}', b'{"id": 7}', b'{"id": "\\ud800"}', b'{"id": "\xff"}', b'{"id": "\\u00e9"}',
        b'{"id": "a", "size": NaN}', b'{"id": "a", "size": 1e999}', b'{"id": "a", "name": "\xff"}', b'{"x": [{"id": "b"}], "id": "a"}',
    ],
)  # fmt: skip
def test_the_id_of_a_landed_body_is_that_of_the_whole_body(backup: bytes) -> None:
    body = b'{"backup": ' + backup + b"}"
    assert landed_id(body) == id_of(parse(body)["backup"])


def break_off(service: Sandbox, read: Read, after: int, **more: Any) -> None:
    """Read until so many details are landed, then fail."""
    service.faults = Faults.script(SHOWING, [None] * after + [Fault.ERROR] * 10_000)
    with pytest.raises(WarehouseError):
        read(service, retry_seconds=0.02, **more)
    while any(thread.name.startswith("details of") for thread in threading.enumerate()):
        time.sleep(0.01)  # what is under way ends by itself, and lands nothing
    service.faults = Faults.script(SHOWING, [])
    service.requests.clear()


def test_a_reading_of_another_place_is_not_continued(home: Home, read: Read) -> None:
    with serve(many(40, server)) as first:
        break_off(first, read, 10)
    with serve([server("x1"), volume("x2")]) as second:
        snapshot = read(second)
    assert (snapshot.complete, snapshot.listed, snapshot.shown, snapshot.vanished) == (True, 2, 2, ())
    assert listed_ids(home, snapshot) == {"x1", "x2"}


def test_what_was_read_and_reused_is_counted_over_all_runs(read: Read, at_time: Any, home: Home) -> None:
    with serve(many(60, server)) as service:
        at_time(datetime(2026, 3, 1, 2))
        break_off(service, read, 40)
        resumed = read(service)
        assert (resumed.shown, resumed.reused, resumed.is_sandbox) == (60, 0, True)
        at_time(datetime(2026, 3, 2, 2))
        due = sum(refresh_day(f"b{n:04}") == date(2026, 3, 2).toordinal() % REFRESH_DAYS for n in range(60))
        break_off(service, read, 2)
        snapshot = read(service)
    assert (snapshot.shown, snapshot.reused) == (due, 60 - due)
    assert len(bodies(home, snapshot, SHOW)) == 60


def test_a_full_reading_does_not_continue_one_that_reuses(read: Read, at_time: Any) -> None:
    with serve(many(30, server)) as service:
        at_time(datetime(2026, 3, 1, 2))
        read(service)
        at_time(datetime(2026, 3, 8, 2))
        break_off(service, read, 5)
        assert (read(service, full=True).shown, service.requests["show"]) == (30, 30)


def test_a_clock_that_went_back_is_said_and_nothing_is_read(home: Home, read: Read, at_time: Any) -> None:
    with serve([server("s1")]) as service:
        at_time(datetime(2026, 3, 2, 2))
        read(service)
        at_time(datetime(2026, 3, 1, 2))
        with pytest.raises(
            WarehouseError, match="the clock says 2026-03-01 02:00 UTC, but a snapshot of 'prod' began at 2026-03-02"
        ):
            read(service)


@pytest.mark.parametrize("content", [b"", b"[]", None])
def test_a_reading_whose_notes_are_damaged_reads_the_list_again(home: Home, read: Read, content: bytes | None) -> None:
    with serve(many(20, server)) as service:
        break_off(service, read, 5)
        [notes] = home.landing.glob("*/*/listed.json")
        notes.unlink() if content is None else notes.write_bytes(content)
        snapshot = read(service)
        assert (snapshot.complete, snapshot.shown, service.requests["list"]) == (True, 20, 2)


def test_a_damaged_snapshot_is_no_base_and_another_scopes_damage_is_not_ours(
    home: Home, read: Read, at_time: Any
) -> None:
    with serve(many(20, server)) as service:
        at_time(datetime(2026, 3, 1, 2))
        first = read(service)
        (home.landed("prod", first.snapshot_id) / "show-00001.ndjson.zst").write_bytes(b"x")
        other = home.landed("other", "20260301T000000Z")
        other.mkdir(parents=True)
        (other / "manifest.json").write_text("{")
        at_time(datetime(2026, 3, 1, 3))
        assert (read(service).shown, read(service).reused) == (20, 20)


@pytest.mark.parametrize("region", [True, False])
def test_of_two_entries_of_one_project_and_region_only_one_is_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: bool
) -> None:
    home.prepare()
    with serve([server("a")]) as service:
        twin = service.cloud() | {"cbr_endpoint_override": service.url}
        if not region:
            del twin["region_name"]
        monkeypatch.setenv(
            "OS_CLIENT_CONFIG_FILE",
            str(clouds_yaml(tmp_path, one=service.cloud(), twin=twin, three=elsewhere(service))),
        )

        def read_all(clouds: str) -> dict[str, str | None]:
            settings = Settings.load(str(home.path), {"CBR_CLOUDS": clouds})
            readings = land_scopes(home, settings, lambda *_: None)
            return {result.scope: str(result.problem) if result.problem else None for result in readings}

        together = read_all("one,twin" if region else "one")
        assert list(together.values()).count(None) == 1
        [landed] = read_snapshots(home)
        other = {"one": "twin", "twin": "one"}[landed.scope]
        # From now on it is the name that is landed that has the place, whatever the order.
        problems = read_all(f"{other},{landed.scope}")
        assert problems[landed.scope] is None
        assert f"which {home.path} has as {landed.scope!r}: all of it would be counted twice" in str(problems[other])
        if region:
            assert read_all("three") == {"three": None}


def test_an_unexpected_error_stops_its_own_scope_only(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    with serve([server("a")]) as one, serve([server("b")]) as two:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, one=one.cloud(), two=elsewhere(two))))
        plain = SnapshotWriter.commit

        def commit(draft: SnapshotWriter, **about: Any) -> Snapshot:
            return plain(draft, **about) if draft.scope == "two" else 1 / 0  # type: ignore[return-value]

        monkeypatch.setattr(SnapshotWriter, "commit", commit)
        settings = Settings.load(str(home.path), {"CBR_CLOUDS": "one,two"})
        results = land_scopes(home, settings, lambda *_: None)
    assert "failed unexpectedly (ZeroDivisionError)" in str(results[0].problem)
    assert results[1].snapshot is not None


def _reading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("details of")]


def test_after_a_problem_no_thread_goes_on_trying(read: Read) -> None:
    refused = cbr_error(403, 8600, "no")
    with serve(many(40, server)) as service:
        with pytest.raises(WarehouseError, match="may not read"):
            read(
                changed(service, lambda path, answer: refused if path.endswith("/b0000") else html(502) if "/b" in path and "?" not in path else answer),
                retry_seconds=600,
            )  # fmt: skip
        deadline = time.monotonic() + 20
        while _reading() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _reading()


# What is on the disk.


def test_landing_is_private_and_holds_the_bodies_and_no_secret(home: Home, read: Read) -> None:
    with serve([server("s1")]) as service:
        snapshot = read(service)
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
    draft = SnapshotWriter(home, "prod", AS_OF)
    draft.write(LIST, sent)
    draft.write(LIST, b"{}")
    snapshot = draft.commit(**ABOUT)
    assert list(read_lines(home, snapshot, LIST)) == [
        ("list-00001.ndjson.zst:1", sent.replace(b"\r\n", b"  ").replace(b"\n", b" ")),
        ("list-00001.ndjson.zst:2", b"{}"),
    ]
    assert read_snapshots(home) == [snapshot]


ABOUT = {
    "complete": True, "incomplete_reason": None, "is_sandbox": False, "region": None, "project_id": "p", "pages": 1,
    "looks": 1, "listed": 0, "shown": 0, "reused": 0, "unread": 0, "vanished": (), "requests": 1, "retries": 0,
}  # fmt: skip


def test_a_folder_without_a_manifest_is_no_snapshot(home: Home) -> None:
    home.prepare()
    draft = SnapshotWriter(home, "prod", AS_OF)
    draft.write(LIST, b"{}")
    draft.close()
    assert read_snapshots(home) == []


def test_a_thread_that_outlives_the_reading_lands_nothing(home: Home) -> None:
    home.prepare()
    draft = SnapshotWriter(home, "prod", AS_OF)
    draft.write(SHOW, b"{}")
    draft.close()
    for _ in range(LINES_A_FRAME):
        draft.write(SHOW, b'{"late": true}')
    again = SnapshotWriter(home, "prod", AS_OF)
    assert list(again.lines(SHOW)) == [b"{}"]
    again.close()


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_whole_frames_survive_a_cut_at_any_byte(home: Home, cut: int) -> None:
    home.prepare()
    draft = SnapshotWriter(home, "prod", AS_OF)
    lines = [b'{"backup":{"id":"%d","x":"%d"}}' % (n, n * 7919) for n in range(3 * LINES_A_FRAME + 5)]
    for line in lines:
        draft.write(SHOW, line)
    draft.close()
    [part] = home.landed("prod", draft.snapshot_id).glob("show-*.partial")
    part.write_bytes(part.read_bytes()[: max(0, part.stat().st_size - cut)])
    again = SnapshotWriter(home, "prod", AS_OF)
    recovered = list(again.lines(SHOW))
    assert recovered == lines[: len(recovered)]
    assert len(recovered) in (0, *(n * LINES_A_FRAME for n in (1, 2, 3)), len(lines))
    assert cut or recovered == lines
    for line in lines[len(recovered) :]:
        again.write(SHOW, line)
    snapshot = again.commit(**ABOUT)
    assert [line for _, line in read_lines(home, snapshot, SHOW)] == lines
