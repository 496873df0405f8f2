"""Telling people: what changed, each once, and what failed; nobody is held up, and nothing secret is said."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import dagster as dg
import pytest

from pipelines.alerts.webhook import post
from pipelines.config import Operation
from pipelines.extract.landing import Attempt, write_attempt
from pipelines.home import Home
from pipelines.orchestration.location import build_definitions
from pipelines.orchestration.resources import Warehouse
from pipelines.orchestration.sensors import failure_text
from pipelines.problem import Problem
from tests.given import AS_OF, Landed, child, publish, server, volume

DAY = timedelta(days=1)


class Chat:
    """A chat that takes messages on loopback, or answers with the statuses that it is told to, one after the other."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.statuses: list[int] = []
        self.asked = 0
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                chat.asked += 1
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = chat.statuses.pop(0) if chat.statuses else 200
                if status == 200:
                    chat.texts.append(body["text"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/s3cret"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def chat() -> Iterator[Chat]:
    opened = Chat()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


class Watch:
    """The sensor that tells what changed, looking again and again with what it remembers."""

    def __init__(self, home: Home, webhook: str | None) -> None:
        definitions = build_definitions(Warehouse(home=str(home.path)), operation=Operation(webhook=webhook))
        self.sensor = definitions.resolve_sensor_def("tell_what_changed")
        self.warehouse = Warehouse(home=str(home.path))
        self.cursor: str | None = None

    def look(self) -> str:
        context = dg.build_sensor_context(cursor=self.cursor, resources={"warehouse": self.warehouse})
        try:
            return "; ".join(str(said.skip_message) for said in [self.sensor.evaluate_tick(context)])
        finally:
            self.cursor = context.cursor


def day(number: int, *bodies: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY)


def fresh(number: int, **more: Any) -> Any:
    made = (AS_OF + number * DAY - DAY / 8).isoformat(timespec="microseconds")
    return server(f"b{number}", created_at=made, children=[child(f"c{number}", resource_id="disk-of-server-1")], **more)


def test_each_change_is_told_once_and_nothing_else(home: Home, chat: Chat) -> None:
    watch = Watch(home, chat.url)
    assert watch.look() == f"nothing is published in {home.path}"
    publish(home, day(0, fresh(0), volume("v")))
    assert (watch.look(), chat.texts) == ("no result has changed", [])
    assert watch.look() == "nothing was published since the last look"
    publish(home, day(1, fresh(0), fresh(1, status="error"), volume("v")), run_id="run-2")
    assert (watch.look(), len(chat.texts)) == ("posted", 1)
    [head, *lines] = chat.texts[0].split("\n")
    assert head == "*Backups of `prod`, as of 2026-03-02 12:00 UTC*"
    assert "• critical *resource-recent-recovery-point* now fails: `data`, `web`" in lines
    assert "• high *resource-latest-attempt-succeeded* now fails: `web`" in lines
    publish(home, run_id="run-3")  # the same, judged again
    assert (watch.look(), len(chat.texts)) == ("no result has changed", 1)
    publish(home, day(2, fresh(0), fresh(2), volume("v")), run_id="run-4")
    assert watch.look() == "posted"
    assert "• critical *resource-recent-recovery-point* passes again: `web`" in chat.texts[1]
    assert "now fails: `data`" not in chat.texts[1]


def test_what_could_not_be_posted_is_posted_at_a_later_look(
    home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.alerts.webhook.PATIENCE", 0)
    watch = Watch(home, chat.url)
    publish(home, day(0, fresh(0)))
    watch.look()
    publish(home, day(1, fresh(0)), run_id="run-2")
    chat.statuses = [503]
    with pytest.raises(Problem, match=r"the webhook took no message: 503 .* Check CBR_WEBHOOK"):
        watch.look()
    publish(home, day(2, fresh(0)), run_id="run-3")
    assert (watch.look(), len(chat.texts)) == ("posted", 1)
    assert "as of 2026-03-02" in chat.texts[0]  # of the day that was not told


def test_a_fault_that_may_pass_is_tried_again_and_one_that_will_not_is_not(chat: Chat) -> None:
    chat.statuses = [429, 500]
    post(chat.url, "hello")
    assert (chat.texts, chat.asked) == (["hello"], 3)
    chat.statuses = [404, 200]
    with pytest.raises(Problem, match="the webhook took no message: 404 Not Found") as caught:
        post(chat.url, "again")
    assert "s3cret" not in str(caught.value)
    assert chat.asked == 4


def test_a_redirect_is_not_followed_and_no_answer_says_nothing_secret(
    monkeypatch: pytest.MonkeyPatch, chat: Chat
) -> None:
    chat.statuses = [302]
    with pytest.raises(Problem, match="302"):
        post(chat.url, "hello")
    monkeypatch.setattr("pipelines.alerts.webhook.PATIENCE", 0.01)
    with pytest.raises(Problem) as caught:
        post("http://127.0.0.1:9/services/s3cret", "hello")
    assert str(caught.value) == "the webhook took no message: ConnectionError. Check CBR_WEBHOOK."


def test_names_ping_nobody_and_are_no_markup(home: Home, chat: Chat) -> None:
    watch = Watch(home, chat.url)
    names = ["<!channel>", "`@all` <https://evil.example|click>", "a\u202eb"]
    bodies = [volume(f"v{n}", resource_id=f"r{n}", resource_name=name) for n, name in enumerate(names)]
    publish(home, day(0, *bodies))
    watch.look()
    publish(home, day(3, *bodies), run_id="run-2")
    watch.look()
    [text] = chat.texts
    assert "`&lt;!channel&gt;`" in text
    assert "`'@all' &lt;https://evil.example|click&gt;`" in text
    assert "`a\\u202eb`" in text
    assert not set(text) & set("<>\u202e")


def test_many_changes_are_counted_and_not_listed(home: Home, chat: Chat) -> None:
    watch = Watch(home, chat.url)
    bodies = [volume(f"v{n}", resource_id=f"r{n:02}", resource_name=f"disk {n:02}") for n in range(20)]
    publish(home, day(0, *bodies))
    watch.look()
    publish(home, day(3, *bodies), run_id="run-2")
    watch.look()
    assert "`disk 05` and 14 more" in chat.texts[0]


def test_nobody_is_told_where_no_webhook_is_named(home: Home) -> None:
    assert Watch(home, None).look() == "CBR_WEBHOOK names no webhook, so nobody is told"
    by_name = {one.name: one for one in build_definitions(operation=Operation()).sensors or []}
    running = {name for name, one in by_name.items() if one.default_status == dg.DefaultSensorStatus.RUNNING}
    assert running == {"report_what_was_published"}


def failed(home: Home, clouds: str, chat: Chat) -> str:
    """Run the job, and let the sensor tell of its failure; return what was posted."""
    definitions = build_definitions(
        Warehouse(home=str(home.path), clouds=clouds), operation=Operation(webhook=chat.url)
    )
    job = definitions.resolve_job_def("cbr_snapshot")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(raise_on_error=False, instance=instance)
        assert not result.success
        [event] = [event for event in result.all_events if event.is_failure and event.is_job_event]
        context = dg.build_run_status_sensor_context(
            "tell_what_failed", dagster_event=event, dagster_instance=instance, dagster_run=result.dagster_run
        ).for_run_failure()
        sensor = definitions.resolve_sensor_def("tell_what_failed")
        sensor(context)
        assert failure_text(context) == chat.texts[-1]
    return chat.texts[-1]


def test_a_run_that_failed_is_told_with_what_to_do(home: Home, chat: Chat) -> None:
    text = failed(home, "nowhere", chat)
    assert text.startswith("*cbr_snapshot* failed; what was published stays: cloud 'nowhere' is not in clouds.yaml")


def test_a_run_that_published_with_an_old_scope_says_so(home: Home, chat: Chat) -> None:
    home.prepare()
    text = failed(home, "sandbox,nowhere", chat)
    assert text.startswith(
        "*cbr_snapshot* published, but not all is well: published, but not every scope could be read"
    )
    assert "'nowhere' is not in clouds.yaml" in text
    write_attempt(home, Attempt("nowhere", AS_OF, None))


def test_the_report_is_asked_for_whenever_the_warehouse_was_published(home: Home) -> None:
    definitions = build_definitions(Warehouse(home=str(home.path)), operation=Operation())
    with dg.DagsterInstance.ephemeral() as instance:
        sensor = definitions.resolve_sensor_def("report_what_was_published")
        job = definitions.resolve_job_def("cbr_snapshot")

        def asked(cursor: str | None) -> tuple[int, str | None]:
            context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
            tick = sensor.evaluate_tick(context)
            return len(tick.run_requests or []), context.cursor or tick.cursor

        assert asked(None)[0] == 0
        assert job.execute_in_process(instance=instance).success
        found, cursor = asked(None)
        assert (found, sensor.job_name) == (1, "report")
        assert asked(cursor)[0] == 0
