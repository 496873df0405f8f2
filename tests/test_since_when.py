"""Since when something fails: what the snapshots know, day by day, beats any time that a record carries.

CBR_HISTORIES=200 walks so many resources' histories instead of a few; CBR_SEED=7 walks others.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from duckdb import DuckDBPyConnection
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from pipelines.flow.judge import home_rules
from pipelines.flow.normalize import normalize_landed
from pipelines.history.results import RESULT_MODELS, write_result_history, write_results
from pipelines.models.project import project
from pipelines.sandbox.estate import estate as synthetic_estate
from pipelines.sandbox.scenarios import SCENARIO_DAYS
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.warehouse.inputs import read_inputs
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_sources
from tests.given import AS_OF, Landed, land
from tests.histories import Estate, estates, readings

HISTORIES = int(os.environ.get("CBR_HISTORIES", "20"))
SEED = int(os.environ.get("CBR_SEED", "1"))
# Of an estate: its days cost much more than its resources do.
RESOURCES, DAYS, SANDBOX_DAYS = (20, 20, 6) if HISTORIES <= 20 else (40, 40, SCENARIO_DAYS)
DAY = timedelta(days=1)
_FINDINGS = "SELECT control_id, subject_id, status FROM controls.findings WHERE scope = $1"
_FAILURES = "SELECT control_id, subject_id, first_failed_at FROM intermediate.int_open_findings WHERE scope = $1 AND status = 'fail'"
_SNAPSHOT = "SELECT as_of FROM staging.stg_snapshots WHERE scope = $1"
_RESOURCES = """
SELECT r.resource_id, r.recency, r.unprotected_since, count(b.backup_id) AS usable
FROM compliance.resource_compliance AS r
LEFT JOIN history.backup_lifecycle AS b
    ON r.scope = b.scope AND coalesce(r.server_id, r.resource_id) = b.resource_id AND NOT b.is_replica
    AND (b.was_usable OR b.status IN ('deleting', 'waiting_delete')) -- what is being deleted may have been good
WHERE r.scope = $1 GROUP BY ALL
"""


class Judged(NamedTuple):
    """What was said of a scope at one of its snapshots."""

    as_of: datetime
    statuses: dict[tuple[str, str], str]
    failing_since: dict[tuple[str, str], datetime]
    unprotected: dict[str, tuple[datetime, int]]  # resource -> since when, and how many usable backups it ever had


def judge(home: Home, given: Iterable[Landed]) -> dict[str, Judged]:
    """Land the snapshots of a day, judge and keep the results as a run does; return what is said of each scope."""
    for snapshot in given:
        land(home, snapshot)
    models = project()
    with connect() as connection:
        normalize_landed(home)
        inputs = read_inputs(home, "run", home_rules(home))
        fill_sources(connection, inputs, models)
        build_models(connection, models.upstream((*RESULT_MODELS, "compliance.resource_compliance")))
        judged = {}
        for scope, snapshot_id in sorted(inputs.current):
            write_result_history(home, write_results(home, connection, scope, snapshot_id))
            judged[scope] = said(connection, scope)
    return judged


def said(connection: DuckDBPyConnection, scope: str) -> Judged:
    findings, failures, resources, snapshots = (
        connection.execute(sql, [scope]).fetchall() for sql in (_FINDINGS, _FAILURES, _RESOURCES, _SNAPSHOT)
    )
    unprotected = {resource: (since, usable) for resource, recency, since, usable in resources if recency == "fail"}
    return Judged(
        snapshots[0][0],
        {(control, subject): status for control, subject, status in findings},
        {(control, subject): since for control, subject, since in failures},
        unprotected,
    )


def contradictions(before: Judged, now: Judged) -> Iterator[str]:
    """Yield what a snapshot says that the one before knows better."""
    for key, since in now.failing_since.items():
        status = before.statuses.get(key)
        if since > now.as_of:
            yield f"{key} fails since {since}, after {now.as_of}"
        elif status == "fail" and since != before.failing_since[key]:
            yield f"{key} fails since {since}, and yesterday since {before.failing_since[key]}"
        elif status not in (None, "fail") and since <= before.as_of:
            yield f"{key} fails since {since}, and was {status} at {before.as_of}"
    for resource, (since, usable) in now.unprotected.items():
        earlier, had = before.unprotected.get(resource, (None, None))
        if had == usable and earlier is not None and (since is None or since > earlier):
            yield f"{resource} is unprotected since {since}, and was since {earlier} at {before.as_of}"


def walk(home: Home, given: Iterable[Landed]) -> list[str]:
    """Return what a snapshot says that the one before of its scope knows better."""
    home.prepare()
    last: dict[str, Judged] = {}
    found: list[str] = []
    for _, readings_of_day in groupby(given, key=day_of):
        judged = judge(home, readings_of_day)
        for scope, now in judged.items():
            if scope in last and last[scope].as_of < now.as_of:
                found += contradictions(last[scope], now)
        last = judged
    return found


def day_of(given: Landed) -> date:
    return given.as_of.date()


def landed(estate: Estate) -> Iterator[Landed]:
    for one in readings(estate):
        yield Landed(one.shown, one.listed, one.scope, one.as_of, one.project, one.region, one.complete)


def told(estate: Estate, found: list[str]) -> str:
    """Return what a person needs who has to decide what is right: the first contradictions, and their stories."""
    named = "\n".join(found)
    stories = [f"r{number}: {story}" for number, story in enumerate(estate.stories) if f"r{number} " in named]
    return "\n".join([*found[:20], *stories[:3], str(replace(estate, stories=()))])


@seed(SEED)
@settings(
    max_examples=-(-HISTORIES // RESOURCES),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(estates(RESOURCES, RESOURCES + 4))
def test_no_day_of_a_history_contradicts_the_day_before(estate: Estate) -> None:
    assume(any(story.events for story in estate.stories))  # the first that is tried has none, and costs as much
    with TemporaryDirectory() as folder:
        found = walk(Home(Path(folder)), landed(replace(estate, days=min(DAYS, estate.days))))
    assert not found, told(estate, found)


def test_no_day_of_the_sandbox_contradicts_the_day_before(home: Home) -> None:
    first = AS_OF - (SCENARIO_DAYS - 1) * DAY
    walked = (AS_OF - number * DAY for number in reversed(range(SANDBOX_DAYS)))
    given = (Landed(synthetic_estate(moment, first), as_of=moment) for moment in walked)
    assert walk(home, given) == []
