"""The steps of the job, without Dagster: land -> normalize -> build -> publish.

Belongs here: how the folders are put together, one function a step. Does not belong here: what a step does.
Each step reads what the one before left on the disk, so that any of them can be run again alone.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from pipelines.config import SANDBOX, Settings
from pipelines.contract import meta
from pipelines.duck import connect
from pipelines.extract import landing
from pipelines.extract.landing import LIST, SHOW, Snapshot
from pipelines.extract.snapshot import Progress, Reading, land_all
from pipelines.history.judged import KEPT, Judged, keep, write_results
from pipelines.history.keep import bring_up
from pipelines.history.missed import missed_readings
from pipelines.home import Home, writing
from pipelines.load import tables, warehouse
from pipelines.load.catalog import fill_catalog
from pipelines.load.sweep import sweep
from pipelines.load.tables import Loaded, TableWriter, read_loaded
from pipelines.models.audit import Audited, audits, run_audits
from pipelines.models.build import build_models
from pipelines.models.describe import describe
from pipelines.models.macros import create_macros
from pipelines.models.project import project
from pipelines.normalize.snapshot import Normalizer
from pipelines.policy.force import Rules, read_rules
from pipelines.policy.named import named as named_rules
from pipelines.problem import Problem
from pipelines.sources import current, fill_rows, fill_sources, snapshots_until, standing

ALL = "all"  # in the place of a snapshot's id


@dataclass(frozen=True, slots=True)
class Draft:
    """A warehouse that is built and audited, and not yet published."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)  # by relation
    judged: list[Judged] = field(default_factory=list)  # results, to be kept when it is published
    audited: list[Audited] = field(default_factory=list)

    @property
    def failures(self) -> list[Audited]:
        """The audits that forbid publication."""
        return [found for found in self.audited if found.stops]


def land_clouds(settings: Settings, progress: Progress, patience: float = 0.0) -> list[Reading]:
    """Read every cloud and land a snapshot of each; return how each reading ended.

    Another run in the home is waited for, `patience` seconds at the most. Raises Problem where rules are not valid:
    before anything is read.
    """
    home = Home(settings.home)
    rules = rules_of(home)
    if any(held.policy.policy_id == SANDBOX for held in rules.policies) and set(settings.clouds) != {SANDBOX}:
        raise Problem(
            f"the policy of {home.path} is the demo's, which is made for the sandbox alone",
            "Name another --home, or the policy to judge by in CBR_POLICY.",
        )
    home.prepare()
    with home.held(patience):
        return land_all(home, settings, progress)


def need_one(readings: list[Reading]) -> None:
    """Raise the problems of all scopes as one, where none could be read."""
    problems = [reading.problem for reading in readings if reading.snapshot is None]
    if len(problems) == len(readings):
        raise Problem(
            "; ".join(p.what for p in problems if p),
            " ".join(dict.fromkeys(p.cure for p in problems if p)),
            may_pass=any(p.may_pass for p in problems if p),
        )


def normalize_landed(home: Home, again: Iterable[str] = ()) -> list[Loaded]:
    """Write the tables of each scope's newest complete snapshot, unless they are there; return them.

    Complete ones that the history has not taken in are written too, and taken in, in their order. Snapshots whose
    id is in `again` are written anew, the newest or not, and so is the history. Call it while the home is held.
    """
    landed = landing.snapshots(home)
    for snapshot in landed:
        if snapshot.snapshot_id in again:
            home.table_manifest(snapshot.scope, snapshot.snapshot_id).unlink(missing_ok=True)
            normalize_snapshot(home, snapshot)
    for scope in dict.fromkeys(snapshot.scope for snapshot in landed):
        mine = [snapshot for snapshot in landed if snapshot.scope == scope]
        bring_up(home, scope, mine, partial(normalize_snapshot, home), anew=bool(again))
    loaded = [normalize_snapshot(home, snapshot) for snapshot in landing.current(landed)]
    sweep(home, landed, time.time())
    return loaded


def judge_missed(home: Home, run_id: str, rules: Rules | None = None) -> None:
    """Judge the snapshots whose runs were killed before they published, in their order: no day lacks in the trend.

    Call it while the home is held, before the history takes in anything newer. Raises Problem.
    """
    for reading in missed_readings(home, landing.snapshots(home)):
        until = max(snapshot.finished_at for snapshot in reading)
        landed = snapshots_until(home, until)
        for scope in dict.fromkeys(snapshot.scope for snapshot in landed):
            bring_up(home, scope, [one for one in landed if one.scope == scope], partial(normalize_snapshot, home))
        for snapshot in landing.current(landed):
            normalize_snapshot(home, snapshot)
        _judge(home, run_id, rules or rules_of(home), reading, until)


def build(home: Home, run_id: str) -> None:
    """Make the published file again from what stands in Parquet. Raises Problem."""
    rules = rules_of(home)
    with home.held():
        judge_missed(home, run_id, rules)
        normalize_landed(home)
        publish(home, build_draft(home, run_id, rules))


def replay(home: Home, snapshot_id: str | None, run_id: str) -> None:
    """Make everything after landing again, offline, and publish: of one snapshot, or of all. Raises Problem."""
    again = named(home, snapshot_id or ALL)
    rules = rules_of(home)
    with home.held():
        judge_missed(home, run_id, rules)
        normalize_landed(home, again)
        publish(home, build_draft(home, run_id, rules))


def named(home: Home, snapshot_id: str) -> list[str]:
    """Return the ids of the landed snapshots that `snapshot_id`, or ALL, names. Raises Problem where there is none."""
    known = sorted({snapshot.snapshot_id for snapshot in landing.snapshots(home)})
    if snapshot_id == ALL:
        return known
    if snapshot_id not in known:
        newest = f"the newest is {known[-1]}" if known else "there is none"
        raise Problem(f"no snapshot {snapshot_id} is landed in {home.path} ({newest})", "Name one that is there.")
    return [snapshot_id]


def judge(home: Home, run_id: str) -> None:
    """Judge the newest complete snapshot of each scope and keep the results; publish nothing. Raises Problem."""
    rules = rules_of(home)
    with home.held():
        judge_missed(home, run_id, rules)
        normalize_landed(home)
        _judge(home, run_id, rules, landing.current(landing.snapshots(home)))


def _judge(home: Home, run_id: str, rules: Rules, snapshots: Iterable[Snapshot], until: datetime | None = None) -> None:
    """Judge by what was read until then, or by all, and keep the results of `snapshots`."""
    models = project()
    with writing(home.path), connect() as connection:
        fill_sources(connection, home, run_id, models, rules, until)
        build_models(connection, models.towards(KEPT))
        for snapshot in snapshots:
            keep(home, write_results(home, connection, snapshot.scope, snapshot.snapshot_id))


def rules_of(home: Home) -> Rules:
    """Return the rules that a home is judged by. Raises Problem with every fault."""
    return read_rules(project().controls, named_rules(home))


def build_draft(home: Home, run_id: str, rules: Rules | None = None) -> Draft:
    """Build a draft from the newest complete snapshot of each scope, and audit it. Call it while the home is held.

    It is judged by `rules`, else by those of the home. Raises Problem.
    """
    warehouse.sweep(home)
    landed = landing.snapshots(home)
    if not landed:
        raise Problem(f"nothing is landed in {home.path}", "Run 'cbr-warehouse run' first.")
    models = project()
    rules = rules or rules_of(home)
    with writing(home.path), warehouse.draft(home, run_id) as (connection, path):
        rows = fill_sources(connection, home, run_id, models, rules)
        rows |= build_models(connection, models)
        audited = run_audits(connection, audits(models.audits, models.controls))
        rows[meta.AUDITS.relation] = fill_rows(connection, meta.AUDITS, (found.row for found in audited))
        fill_rows(connection, meta.CATALOG, ())
        create_macros(connection)
        describe(connection, models, synthetic=any(snapshot.is_sandbox for snapshot in landed))
        rows[meta.CATALOG.relation] = fill_catalog(connection)
        results = [write_results(home, connection, one.scope, one.snapshot_id) for one in current(home, landed)]
    return Draft(path, rows, results, audited)


def publish(home: Home, draft: Draft) -> None:
    """Publish the draft, or remove it and say which audit forbids it. Raises Problem."""
    if draft.failures:
        warehouse.discard(draft.path)
        first = draft.failures[0]
        raise Problem(
            f"not published: {', '.join(f.audit.name for f in draft.failures)} found what must not be "
            f"({first.offenders} rows in {first.audit.relation}, the first: {first.sample[:1]})",
            "The published file is as it was. Run 'cbr-warehouse replay', and report it where that says the same.",
        )
    with writing(home.path):
        # Before it is published: what was published and not kept would be missing for ever in every later trend.
        for judged in draft.judged:
            keep(home, judged)
        warehouse.publish(home, draft.path)


def stale(home: Home, clouds: Iterable[str]) -> Problem | None:
    """Return the problem of a run that published, but has no complete reading of one of `clouds`."""
    landed = landing.snapshots(home)
    rows = [standing(attempt, landed) for attempt in landing.attempts(home) if attempt.scope in clouds]
    said = "; ".join(f"{row['scope']}: {row['problem']}" for row in rows if row["problem"])
    cure = "Every other scope is loaded; of these, the last complete snapshot stands, if there is one, marked as stale."
    return Problem(f"published, but not every scope could be read: {said}", cure) if said else None


def normalize_snapshot(home: Home, snapshot: Snapshot) -> Loaded:
    """Write the tables of one landed snapshot, unless they are there; return them."""
    source = hashlib.sha256(json.dumps(snapshot.parts, sort_keys=True).encode()).hexdigest()
    known = read_loaded(home, snapshot.scope, snapshot.snapshot_id)
    if known and known.source_sha256 == source and not tables.damages(home, known):
        return known
    shows, pages = (partial(landing.blocks, home, snapshot, kind) for kind in (SHOW, LIST))
    normalizer = Normalizer(snapshot.scope, snapshot.snapshot_id, shows, pages, snapshot.vanished)
    with (
        writing(home.path),
        TableWriter(home, snapshot.scope, snapshot.snapshot_id, synthetic=snapshot.is_sandbox) as writer,
    ):
        for batch in normalizer.batches():
            writer.write(batch.tables, batch.records)
        writer.write({meta.DRIFT.name: normalizer.drift()})
    with writing(home.path):
        return writer.commit(source)
