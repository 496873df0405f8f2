"""Telling people: what changed, each once, and what failed; nobody is held up, and nothing secret is said."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any

import dagster as dg
import pytest

from pipelines.alerts.changes import ResultChange
from pipelines.alerts.message import change_messages, failure_message
from pipelines.alerts.webhook import post
from pipelines.config import DeploymentSettings
from pipelines.errors import WarehouseError
from pipelines.orchestration.keys import SUMMARY
from pipelines.orchestration.location import build_definitions
from pipelines.orchestration.resources import Warehouse
from pipelines.storage.home import Home
from tests.given import AS_OF, Landed, child, publish, server, volume

DAY = timedelta(days=1)


class Chat:
    """A chat that takes messages on loopback, or answers as it is told to, one answer after the other."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.statuses: list[int] = []
        self.answers: list[str] = []  # bodies
        self.headers: list[dict[str, str]] = []  # of what it was sent
        self.asked = 0
        self.delay = 0.0  # seconds
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                chat.asked += 1
                time.sleep(chat.delay)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = chat.statuses.pop(0) if chat.statuses else 200
                answer = chat.answers.pop(0) if chat.answers else "ok" if status == 200 else ""
                if answer == "ok":
                    chat.texts.append(body["text"])
                chat.headers.append(dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/s3cret"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def chat() -> Iterator[Chat]:
    opened = Chat()
    yield opened
    opened.close()


class Watch:
    """The sensor that tells what changed, looking again and again with what it remembers."""

    def __init__(self, home: Home, webhook: str | None) -> None:
        definitions = build_definitions(Warehouse(home=str(home.path)), deployment=DeploymentSettings(webhook=webhook))
        self.sensor = definitions.resolve_sensor_def("notify_changes")
        self.warehouse = Warehouse(home=str(home.path))
        self.cursor: str | None = None

    def look(self) -> str:
        context = dg.build_sensor_context(cursor=self.cursor, resources={"warehouse": self.warehouse})
        try:
            return str(self.sensor.evaluate_tick(context).skip_message)
        finally:
            self.cursor = context.cursor


def day(number: int, *bodies: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY)


def fresh(number: int, **more: Any) -> Any:
    made = (AS_OF + number * DAY - DAY / 8).isoformat(timespec="microseconds")
    return server(f"b{number}", created_at=made, children=[child(f"c{number}", resource_id="disk-of-server-1")], **more)


NEW = "no result changed since the last message"


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish(Home(tmp_path_factory.mktemp("first-day") / "home"), day(0, fresh(0), volume("v")))


@pytest.fixture
def first_day(published_once: Home, home: Home) -> Home:
    """A home of its own with a first day in it: a server and a disk, both well."""
    shutil.copytree(published_once.path, home.path)
    return home


@pytest.fixture(scope="module")
def published_twice(published_once: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("bad-day") / "home")
    shutil.copytree(published_once.path, home.path)
    assert Watch(home, "http://127.0.0.1:9/x").look() == NEW
    return publish(home, day(3, fresh(3), volume("v")), run_id="run-2")


@pytest.fixture
def bad_day(published_twice: Home, home: Home) -> Home:
    """A home of its own whose first day was told, and whose disk fails since."""
    shutil.copytree(published_twice.path, home.path)
    return home


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is told of several clouds when one is new, one has hostile names, one many, and a disk is taken out."""
    home = Home(tmp_path_factory.mktemp("clouds") / "home")
    chat = Chat()
    watch = Watch(home, chat.url)
    hostile = ["<!channel>", "`@all` <https://evil.example|click>", "a\u202eb"]
    many = [f"disk {n:02}" for n in range(20)]
    old = "2026-01-01T00:00:00"
    hostile_disks = [volume(f"v{n}", resource_id=f"r{n}", resource_name=name) for n, name in enumerate(hostile)]
    many_disks = [volume(f"v{n}", resource_id=f"r{n:02}", resource_name=name) for n, name in enumerate(many)]
    many_disks += [volume(f"w{n}", resource_id=f"s{n}", resource_name="a" * 5_000) for n in range(2)]

    def cloud(scope: str, number: int, *bodies: Any) -> Landed:
        return Landed(bodies, scope=scope, as_of=AS_OF + number * DAY, project=f"p-{scope}")

    def clouds(number: int) -> list[Landed]:
        excluded = volume("v", resource_id="excluded", created_at=old)
        bodies = {"hostile": hostile_disks, "many": many_disks, "out": [excluded, server()]}
        return [cloud(scope, number, *bodies[scope]) for scope in bodies]

    publish(home, *clouds(0))
    watch.look()
    (home.path / "policy.yaml").write_text(
        "version: 1\npolicy_id: p\neffective_from: 2026-01-01\ntiers: {all: {}}\ndefault_tier: all\n"
        "exclude:\n  - {id: e, match: {resource_id: excluded}, reason: r, owner: o, review_by: 2027-01-01}\n"
    )
    publish(home, *clouds(3), cloud("new", 3, volume("w", created_at=old)), run_id="run-2")
    watch.look()
    chat.close()
    return chat.texts


def test_each_change_is_told_once_and_nothing_else(first_day: Home, chat: Chat) -> None:
    home = first_day
    watch = Watch(home, chat.url)
    assert (watch.look(), chat.texts) == (NEW, [])
    assert watch.look() == "nothing was published since the last evaluation"
    publish(home, day(1, fresh(0), fresh(1, status="error"), volume("v")), run_id="run-2")
    assert (watch.look(), len(chat.texts)) == ("posted", 1)
    [head, *lines] = chat.texts[0].split("\n")
    assert head == "*Backups of `prod` as of 2026-03-02 12:00 UTC*"
    assert lines[0] == "• critical *resource-recent-recovery-point* now fails: `data`, `web`"
    assert "• high *resource-latest-attempt-succeeded* now fails: `web`" in lines
    publish(home, run_id="run-3")  # the same, judged again
    assert (watch.look(), len(chat.texts)) == (NEW, 1)
    publish(home, day(2, fresh(0), fresh(2), volume("v")), run_id="run-4")
    assert watch.look() == "posted"
    assert "• critical *resource-recent-recovery-point* passes again: `web`" in chat.texts[1]
    assert "`data`" not in chat.texts[1]


def test_what_was_told_as_good_and_is_judged_again_as_bad_is_told(bad_day: Home, chat: Chat) -> None:
    home = bad_day
    watch = Watch(home, chat.url)
    policy = home.path / "policy.yaml"
    watch.look()
    text = "version: 1\npolicy_id: p\neffective_from: 2026-01-01\ntiers: {all: {rpo_hours: HOURS}}\ndefault_tier: all\n"
    for hours, words in (("900", "passes again"), ("24", "now fails")):
        policy.write_text(text.replace("HOURS", hours))
        publish(home, run_id=f"run-{hours}")
        assert watch.look() == "posted"
        assert f"• critical *resource-recent-recovery-point* {words}: `data`" in chat.texts[-1]


def test_what_is_taken_out_of_scope_or_was_unknown_is_not_said_to_pass_again(told: list[str]) -> None:
    lines = [line for text in told for line in text.split("\n") if " in `out`: " in line]
    assert "• critical *resource-recent-recovery-point* is no longer checked in `out`: `data`" in lines
    assert "• high *backup-count-drop* passes now in `out`: `vault-1`" in lines
    assert not any("passes again" in line and "`data`" in line for line in lines)


def test_all_that_fails_in_a_cloud_that_is_new_is_told(told: list[str]) -> None:
    assert any("• critical *resource-recent-recovery-point* now fails in `new`: `data`" in text for text in told)


def test_bad_news_is_never_cut_off_by_good_news(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.alerts.message._MAX_LINES", 5)
    watch = Watch(home, chat.url)

    def clouds(number: int, ages: dict[str, float]) -> list[Landed]:
        moment = AS_OF + number * DAY
        made = {scope: (moment - timedelta(hours=age)).isoformat() for scope, age in ages.items()}
        return [
            Landed([volume("v", created_at=made[scope])], scope=scope, as_of=moment, project=f"p-{scope}", region="r")
            for scope in ages
        ]

    old, new = 900.0, 1.0
    publish(home, *clouds(0, {"a": old, "z": new}))
    watch.look()
    publish(home, *clouds(1, {"a": new, "z": old}), run_id="run-2")
    watch.look()
    lines = [line for text in chat.texts for line in text.split("\n")]
    assert lines[1] == "• critical *resource-recent-recovery-point* now fails in `z`: `data`"
    assert re.fullmatch(r"\d+ more changes to pass or waived are not listed", lines[-1])


def test_however_much_is_told_each_message_fits_in_a_chat() -> None:
    subjects = [(f"cloud-{n}", f"control-{m}") for n in range(8) for m in range(12)]
    outcomes = ("now fails", "passes again")
    changes = [ResultChange(scope, word, "high", control, ["data"]) for word in outcomes for scope, control in subjects]
    texts = change_messages(changes, {scope: AS_OF for scope, _ in subjects})
    lines = [line for text in texts for line in text.split("\n")[1:]]
    assert sum(" now fails in " in line for line in lines) == len(subjects)
    assert lines[-1] == f"{len(subjects)} more changes to pass or waived are not listed"
    assert all(len(text) < 4_000 for text in texts)


def test_what_could_not_be_posted_is_posted_at_a_later_look(
    bad_day: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = bad_day
    monkeypatch.setattr("pipelines.alerts.webhook.PATIENCE", 0)
    watch = Watch(home, chat.url)
    chat.statuses = [503]
    with pytest.raises(WarehouseError, match=r"the webhook did not accept the message: 503. Check CBR_WEBHOOK"):
        watch.look()
    publish(home, run_id="run-3")
    assert (watch.look(), len(chat.texts)) == ("posted", 1)
    assert "resource-recent-recovery-point* now fails" in chat.texts[0]


def test_a_fault_that_may_pass_is_tried_again_and_one_that_will_not_is_not(chat: Chat) -> None:
    chat.statuses = [429, 500]
    post(chat.url, "hello")
    assert (chat.texts, chat.asked) == (["hello"], 3)
    chat.statuses = [404, 200]
    with pytest.raises(WarehouseError, match=r"the webhook did not accept the message: 404\.") as caught:
        post(chat.url, "again")
    assert "s3cret" not in str(caught.value)
    assert chat.asked == 4


def test_a_redirect_is_not_followed_and_no_answer_says_nothing_secret(
    monkeypatch: pytest.MonkeyPatch, chat: Chat
) -> None:
    chat.statuses = [302]
    with pytest.raises(WarehouseError, match="302"):
        post(chat.url, "hello")
    monkeypatch.setattr("pipelines.alerts.webhook.PATIENCE", 0.01)
    with pytest.raises(WarehouseError) as caught:
        post("http://127.0.0.1:9/services/s3cret", "hello")
    assert str(caught.value).startswith("the webhook did not accept the message: no connection. Check CBR_WEBHOOK.")
    for odd in ("http://a..b/s3cret", "http://[/s3cret", "http://a:99999999/s3cret"):
        with pytest.raises(WarehouseError) as caught:
            post(odd, "hello")
        assert "s3cret" not in str(caught.value)


def test_a_chat_that_takes_long_is_asked_once(monkeypatch: pytest.MonkeyPatch, chat: Chat) -> None:
    monkeypatch.setattr("pipelines.alerts.webhook.EXCHANGE_SECONDS", 0.2)
    chat.delay = 0.6
    with pytest.raises(WarehouseError, match="no reply"):
        post(chat.url, "hello")
    assert chat.asked == 1


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr("pipelines.alerts.webhook.EXCHANGE_SECONDS", 0.3)
    given_up = Event()

    class Drip(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(answer)
            with suppress(OSError):
                while not given_up.wait(0.05):
                    self.wfile.write(b"a")

    with ThreadingTCPServer(("127.0.0.1", 0), Drip) as dripping:
        Thread(target=dripping.serve_forever, daemon=True).start()
        try:
            with pytest.raises(WarehouseError, match="no reply"):
                post(f"http://127.0.0.1:{dripping.server_address[1]}/s3cret", "hello")
        finally:
            given_up.set()
            dripping.shutdown()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"errcode":310000,"errmsg":"keywords not in content"}', "200 errcode 310000 keywords not in content"),
        ('{"code":19024,"msg":"Key Words Not Found","data":{}}', "200 code 19024 Key Words Not Found"),
        ('{"errcode":93000,"errmsg":"invalid webhook url"}', "200 errcode 93000 invalid webhook url"),
        ('{"ok":false,"error":"channel_not_found"}', "200 error channel_not_found"),
        ('{"StatusCode":0,"code":9499,"msg":"Bad Request"}', "200 code 9499 Bad Request"),
        ('{"errcode":false}', "200 errcode False"),
        ("{}", "200 {}"),
        ("[0]", "200 [0]"),
        ("<html>Sign in\nfirst</html>", "200 <html>Sign in first</html>"),
        ('{"errcode":300001,"errmsg":"token s3cret of /services/s3cret is off"}', "token *** of *** is off"),
    ],
)
def test_a_robot_that_refuses_with_200_has_told_nobody(chat: Chat, answer: str, said: str) -> None:
    chat.answers = [answer]
    with pytest.raises(WarehouseError) as caught:
        post(chat.url, "hello")
    assert str(caught.value).partition("message: ")[2].partition(". Check")[0].endswith(said)
    assert "s3cret" not in str(caught.value)
    assert (chat.asked, chat.texts) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        "ok",
        "ok\n",
        '{"ok":true}',
        '{"errcode":0,"errmsg":"ok"}',
        '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}',
        '{"success":true}',
        '{"result":"success","msg":""}',
        "",
    ],
)
def test_each_channels_own_success_is_one(chat: Chat, answer: str) -> None:
    chat.answers = [answer]
    post(chat.url, "hello")
    assert chat.asked == 1


def test_secrets_of_the_query_are_not_said_either(chat: Chat) -> None:
    chat.statuses, chat.answers = [403], ["no access for t%2Fok3n, that is t/ok3n"]
    with pytest.raises(WarehouseError, match=r"403 no access for \*\*\*, that is \*\*\*\.") as caught:
        post(f"{chat.url}?access_token=t%2Fok3n", "hello")
    assert "ok3n" not in str(caught.value)


def test_what_a_robot_refused_is_posted_at_a_later_look(bad_day: Home, chat: Chat) -> None:
    watch = Watch(bad_day, chat.url)
    chat.answers = ['{"errcode":310000,"errmsg":"keywords not in content"}']
    with pytest.raises(WarehouseError, match="310000"):
        watch.look()
    assert (watch.look(), len(chat.texts)) == ("posted", 1)


def test_nothing_of_netrc_is_sent_and_what_the_url_says_is(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login robot password hush\n")
    post(chat.url, "hello")
    post(chat.url.replace("//", "//a:b@"), "hello")
    assert [headers.get("Authorization") for headers in chat.headers] == [None, "Basic YTpi"]


def test_a_proxy_of_the_environment_is_used(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", chat.url)
    post("http://hooks.example.com/services/x", "hello")
    assert (chat.texts, chat.headers[0]["Host"]) == (["hello"], "hooks.example.com")


def test_names_ping_nobody_and_are_no_markup(told: list[str]) -> None:
    text = "\n".join(told)
    assert "`&lt;!channel&gt;`" in text
    assert "`'@all' &lt;https://evil.example|click&gt;`" in text
    assert "`a\\u202eb`" in text
    assert not set(text) & set("<>\u202e")


def test_many_changes_are_counted_and_not_listed(told: list[str]) -> None:
    text = "\n".join(told)
    assert "`disk 04` and 15 more" in text
    assert f"`{'a' * 79}…` (2)" in text


def test_nobody_is_told_where_no_webhook_is_named(home: Home) -> None:
    assert Watch(home, None).look() == "CBR_WEBHOOK is not set, so nothing is posted"
    assert Watch(home, "http://127.0.0.1:9/x").look() == f"nothing is published in {home.path}"
    by_name = {one.name: one for one in build_definitions(deployment=DeploymentSettings()).sensors or []}
    running = {name for name, one in by_name.items() if one.default_status == dg.DefaultSensorStatus.RUNNING}
    assert running == {"report_after_publication"}


class Failures:
    """The sensor that tells what failed, on an instance with runs of the job."""

    def __init__(self, home: Home, chat: Chat, instance: dg.DagsterInstance) -> None:
        self.home, self.chat, self.instance = home, chat, instance
        self.cursor: str | None = None

    def run(self, clouds: str, job: str = "cbr_snapshot") -> None:
        definitions = build_definitions(Warehouse(home=str(self.home.path), clouds=clouds))
        done = definitions.resolve_job_def(job).execute_in_process(raise_on_error=False, instance=self.instance)
        assert not done.success

    def look(self) -> str:
        sensor = build_definitions(deployment=DeploymentSettings(webhook=self.chat.url)).resolve_sensor_def(
            "notify_failures"
        )
        context = dg.build_sensor_context(self.instance, cursor=self.cursor)
        try:
            return str(sensor.evaluate_tick(context).skip_message)
        finally:
            self.cursor = context.cursor


@pytest.fixture
def watched(home: Home, chat: Chat) -> Iterator[Failures]:
    with dg.DagsterInstance.ephemeral() as instance:
        found = Failures(home, chat, instance)
        assert found.look() == "every run that fails from now on will be posted"
        yield found


def test_a_run_that_failed_is_told_once_with_what_to_do(watched: Failures) -> None:
    watched.run("nowhere")
    assert watched.look() == "1 runs have failed since the last evaluation"
    [text] = watched.chat.texts
    assert text.startswith(
        "*cbr_snapshot* failed, the published data is unchanged: `cloud 'nowhere' is not in clouds.yaml"
    )
    assert watched.look() == "0 runs have failed since the last evaluation"
    watched.run("elsewhere", "report")
    watched.look()
    assert len(watched.chat.texts) == 2
    assert watched.chat.texts[1].startswith("*report* failed, the published data is unchanged: `there is no ")


def test_a_failure_that_could_not_be_posted_is_posted_at_a_later_look(
    watched: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.alerts.webhook.PATIENCE", 0)
    watched.run("nowhere")
    watched.run("elsewhere")
    watched.chat.statuses = [200, 500]
    with pytest.raises(WarehouseError, match="500"):
        watched.look()
    watched.look()
    assert [re.findall(r"cloud '(\w+)'", text) for text in watched.chat.texts] == [["nowhere"], ["elsewhere"]]
    watched.cursor = "{damaged"
    assert watched.look() == "every run that fails from now on will be posted"


def test_a_run_that_published_with_an_old_scope_says_so_and_asks_for_the_report(watched: Failures) -> None:
    assert reports_asked(watched.instance, None)[0] == 0
    watched.run("sandbox,nowhere")
    watched.look()
    [text] = watched.chat.texts
    assert text.startswith("*cbr_snapshot* published with errors: `published, but not every")
    assert "'nowhere' is not in clouds.yaml" in text
    assert reports_asked(watched.instance, None)[0] == 1


def test_what_others_said_of_a_failure_pings_nobody() -> None:
    text = failure_message("job", "id", "a <!channel> `x` " + "y" * 5_000, "Mend <it>.", published=False)
    assert not set(text) & set("<>")
    assert text.count("`") == 4
    assert len(text) < 2_000


def reports_asked(instance: dg.DagsterInstance, cursor: str | None) -> tuple[int, str | None]:
    """How many reports the sensor asks for, and what it remembers."""
    definitions = build_definitions(Warehouse(), deployment=DeploymentSettings())
    sensor = definitions.resolve_sensor_def("report_after_publication")
    assert sensor.job_name == "report"
    context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
    tick = sensor.evaluate_tick(context)
    return len(tick.run_requests or []), context.cursor or tick.cursor


def test_the_report_is_asked_for_whenever_the_warehouse_was_published() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert reports_asked(instance, None)[0] == 0
        instance.report_runless_asset_event(dg.AssetMaterialization(SUMMARY))
        found, cursor = reports_asked(instance, None)
        assert found == 1
        assert reports_asked(instance, cursor)[0] == 0
