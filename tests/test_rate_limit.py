"""The rate limiter against services with quotas, in simulated time."""

import heapq
from dataclasses import dataclass, field

import pytest

from pipelines.extract.rate_limit import QUIET_SECONDS, RateLimiter, RateLimiters, Slot
from pipelines.sandbox.quota import Quota


@dataclass
class Clock:
    now: float = 0.0


@dataclass
class Run:
    """Eight readers of one service, for so many simulated seconds."""

    limiter: RateLimiter
    clock: Clock
    quota: Quota | None
    answered: list[tuple[float, bool]] = field(default_factory=list)  # when, and whether it was let through

    def go(self, seconds: float, latency: float = 0.005) -> None:
        start = self.clock.now
        events: list[tuple[float, int, str, Slot | None]] = [(start, n, "reserve", None) for n in range(8)]
        order = 8

        def later(after: float, event: str, slot: Slot | None) -> None:
            nonlocal order
            order += 1
            heapq.heappush(events, (self.clock.now + after, order, event, slot))

        while events[0][0] < start + seconds:
            self.clock.now, _, event, slot = heapq.heappop(events)
            if slot is None:
                slot = self.limiter.reserve()
                later(max(0.0, slot.time - self.clock.now), "send", slot)
            elif event == "send":
                later(*((latency / 2, "arrive", slot) if self.limiter.is_valid(slot) else (0.0, "reserve", None)))
            elif event == "arrive":
                refused = self.quota.check() if self.quota else None
                self.answered.append((self.clock.now, refused is None))
                later(latency / 2, "no" if refused else "yes", slot)
            else:
                if event == "no":
                    assert self.quota
                    self.limiter.throttled(f"limit:{self.quota.limit},time:{self.quota.seconds:.0f} second", slot)
                else:
                    self.limiter.succeeded()
                later(0.0, "reserve", None)

    def refused_share(self) -> float:
        return sum(not well for _, well in self.answered) / len(self.answered)

    def rate(self, since: float) -> float:
        """Requests let through a second, from `since` on."""
        return sum(well for at, well in self.answered if at >= since) / (self.clock.now - since)


def run(max_rate: float, limit: int | None, seconds: float = 1.0) -> Run:
    clock = Clock()
    quota = Quota(limit, seconds, now=lambda: clock.now) if limit else None
    return Run(RateLimiter(max_rate, now=lambda: clock.now), clock, quota)


@pytest.mark.parametrize("limit", [2, 5, 8, 20, 50, 150])
def test_throughput_settles_near_the_quota_with_few_refusals(limit: int) -> None:
    readers = run(max_rate=200, limit=limit)
    readers.go(seconds=max(120, 2000 / limit))
    assert readers.rate(since=5) >= 0.9 * limit
    assert readers.refused_share() < 0.02


def test_a_quota_by_the_minute_is_kept_too() -> None:
    readers = run(max_rate=10, limit=200, seconds=60)
    readers.go(seconds=3600)
    assert readers.rate(since=600) >= 0.9 * 200 / 60
    assert readers.refused_share() < 0.02


def test_without_a_quota_the_configured_rate_is_reached_and_never_exceeded() -> None:
    readers = run(max_rate=25, limit=None)
    readers.go(seconds=20)
    assert readers.rate(since=1) == pytest.approx(25, rel=0.05)
    for start in range(1, 19):
        assert sum(start <= at < start + 1 for at, _ in readers.answered) <= 26


def test_when_the_quota_is_lifted_the_rate_recovers() -> None:
    readers = run(max_rate=40, limit=5)
    readers.go(seconds=30)
    assert readers.limiter.rate < 5
    readers.quota = None
    readers.go(seconds=QUIET_SECONDS + 60)
    assert readers.limiter.rate == 40


def test_one_burst_of_refusals_lowers_the_rate_once() -> None:
    limiter = RateLimiter(100, now=lambda: 1.0)
    for slot in [limiter.wait(lambda _: None) for _ in range(8)]:
        limiter.throttled("no quota told", slot)
    assert limiter.rate == 50


def test_a_rate_limiter_belongs_to_an_endpoint_not_to_a_scope() -> None:
    limiters = RateLimiters(10)
    assert limiters.for_url("https://cbr.a.example/v3/p1") is limiters.for_url("https://cbr.a.example/v3/p2")
    assert limiters.for_url("https://cbr.a.example/v3/p1") is not limiters.for_url("https://cbr.b.example/v3/p1")


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
    limiter = RateLimiter(100, now=lambda: 1.0)
    limiter.throttled(message, limiter.wait(lambda _: None))
    assert limiter.rate == pytest.approx(rate)
