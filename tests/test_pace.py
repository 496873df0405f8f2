"""The pacer against services with quotas, in simulated time."""

import heapq
from dataclasses import dataclass, field

import pytest

from pipelines.extract.pace import QUIET, Pacer, Pacers, Turn
from pipelines.sandbox.faults import Quota


@dataclass
class Clock:
    now: float = 0.0


@dataclass
class Run:
    """Eight readers of one service, for so many simulated seconds."""

    pacer: Pacer
    clock: Clock
    quota: Quota | None
    answered: list[tuple[float, bool]] = field(default_factory=list)  # when, and whether it was let through

    def go(self, seconds: float, latency: float = 0.005) -> None:
        start = self.clock.now
        events: list[tuple[float, int, str, Turn | None]] = [(start, n, "ask", None) for n in range(8)]
        order = 8

        def later(after: float, what: str, turn: Turn | None) -> None:
            nonlocal order
            order += 1
            heapq.heappush(events, (self.clock.now + after, order, what, turn))

        while events[0][0] < start + seconds:
            self.clock.now, _, what, turn = heapq.heappop(events)
            if turn is None:
                turn = self.pacer.reserve()
                later(max(0.0, turn.at - self.clock.now), "turn", turn)
            elif what == "turn":
                later(*((latency / 2, "arrive", turn) if self.pacer.holds(turn) else (0.0, "ask", None)))
            elif what == "arrive":
                refused = self.quota.refuses() if self.quota else None
                self.answered.append((self.clock.now, refused is None))
                later(latency / 2, "no" if refused else "yes", turn)
            else:
                if what == "no":
                    assert self.quota
                    self.pacer.slow_down(f"limit:{self.quota.limit},time:{self.quota.seconds:.0f} second", turn)
                else:
                    self.pacer.went_well()
                later(0.0, "ask", None)

    def share_refused(self) -> float:
        return sum(not well for _, well in self.answered) / len(self.answered)

    def rate(self, since: float) -> float:
        """Requests let through a second, from `since` on."""
        return sum(well for at, well in self.answered if at >= since) / (self.clock.now - since)


def run(wanted: float, limit: int | None, seconds: float = 1.0) -> Run:
    clock = Clock()
    quota = Quota(limit, seconds, now=lambda: clock.now) if limit else None
    return Run(Pacer(wanted, now=lambda: clock.now), clock, quota)


@pytest.mark.parametrize("limit", [2, 5, 8, 20, 50, 150])
def test_throughput_settles_near_the_quota_with_few_refusals(limit: int) -> None:
    readers = run(wanted=200, limit=limit)
    readers.go(seconds=max(120, 2000 / limit))
    assert readers.rate(since=5) >= 0.9 * limit
    assert readers.share_refused() < 0.02


def test_a_quota_by_the_minute_is_kept_too() -> None:
    readers = run(wanted=10, limit=200, seconds=60)
    readers.go(seconds=3600)
    assert readers.rate(since=600) >= 0.9 * 200 / 60
    assert readers.share_refused() < 0.02


def test_without_a_quota_the_wanted_rate_is_reached_and_never_exceeded() -> None:
    readers = run(wanted=25, limit=None)
    readers.go(seconds=20)
    assert readers.rate(since=1) == pytest.approx(25, rel=0.05)
    for start in range(1, 19):
        assert sum(start <= at < start + 1 for at, _ in readers.answered) <= 26


def test_when_the_quota_is_lifted_the_rate_recovers() -> None:
    readers = run(wanted=40, limit=5)
    readers.go(seconds=30)
    assert readers.pacer.rate < 5
    readers.quota = None
    readers.go(seconds=QUIET + 60)
    assert readers.pacer.rate == 40


def test_one_burst_of_refusals_lowers_the_rate_once() -> None:
    pacer = Pacer(100, now=lambda: 1.0)
    for turn in [pacer.wait(lambda _: None) for _ in range(8)]:
        pacer.slow_down("no quota told", turn)
    assert pacer.rate == 50


def test_a_pacer_belongs_to_an_endpoint_not_to_a_scope() -> None:
    pacers = Pacers(10)
    assert pacers.of("https://cbr.a.example/v3/p1") is pacers.of("https://cbr.a.example/v3/p2")
    assert pacers.of("https://cbr.a.example/v3/p1") is not pacers.of("https://cbr.b.example/v3/p1")


@pytest.mark.parametrize(
    ("message", "rate"),
    [
        ("limit:5,time:1 second", 0.96 * 5),
        ("limit:200,time:5 minute", 0.96 * 200 / 300),
        ("limit:1,time:1 hour", 0.96 / 3600),
        ("limit:5,time:0 second", 0.96 * 5),
        ("limit:0,time:1 second", 0.96),
        ("limit:900,time:1 second", 100),
        ("Too many requests", 50),
    ],
)
def test_the_message_of_a_429_tells_the_rate(message: str, rate: float) -> None:
    pacer = Pacer(100, now=lambda: 1.0)
    pacer.slow_down(message, pacer.wait(lambda _: None))
    assert pacer.rate == pytest.approx(rate)
