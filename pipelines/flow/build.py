"""The last step: build the warehouse from the tables, audit it and publish it."""

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contract import meta
from pipelines.errors import WarehouseError
from pipelines.flow.judge import home_rules, judge_unjudged
from pipelines.flow.normalize import ALL, normalize_landed, resolve_snapshot_ids
from pipelines.history.results import ResultHistory, write_result_history, write_results
from pipelines.landing.manifest import read_snapshots
from pipelines.models.audit import AuditResult, all_audits
from pipelines.models.project import project
from pipelines.policy.resolve import Rules
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.warehouse.audits import run_audits
from pipelines.warehouse.catalog import fill_catalog
from pipelines.warehouse.comments import comment_on_all
from pipelines.warehouse.file import discard_draft, open_draft, publish_file, remove_leftovers
from pipelines.warehouse.macros import create_macros
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import current_manifests, fill_rows, fill_sources


@dataclass(frozen=True, slots=True)
class WarehouseDraft:
    """A warehouse that is built and audited, and not yet published."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)  # by relation
    judged: list[ResultHistory] = field(default_factory=list)  # results, to be kept when it is published
    audited: list[AuditResult] = field(default_factory=list)

    @property
    def failures(self) -> list[AuditResult]:
        """The audits that forbid publication."""
        return [found for found in self.audited if found.stops]


def build(home: Home, run_id: str) -> None:
    """Make the published file again from what stands in Parquet. Raises WarehouseError."""
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home)
        publish_draft(home, build_draft(home, run_id, rules))


def replay(home: Home, snapshot_id: str | None, run_id: str) -> None:
    """Make everything after landing again, offline, and publish: of one snapshot, or of all. Raises WarehouseError."""
    again = resolve_snapshot_ids(home, snapshot_id or ALL)
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home, again)
        publish_draft(home, build_draft(home, run_id, rules))


def build_draft(home: Home, run_id: str, rules: Rules | None = None) -> WarehouseDraft:
    """Build a draft from the newest complete snapshot of each scope, and audit it. Call it while the home is locked.

    It is judged by `rules`, else by those of the home. Raises WarehouseError.
    """
    remove_leftovers(home)
    landed = read_snapshots(home)
    if not landed:
        raise WarehouseError(f"nothing is landed in {home.path}", "Run 'cbr-warehouse run' first.")
    models = project()
    rules = rules or home_rules(home)
    with disk_errors(home.path), open_draft(home, run_id) as (connection, path):
        rows = fill_sources(connection, home, run_id, models, rules)
        rows |= build_models(connection, models)
        audited = run_audits(connection, all_audits(models.audits, models.controls))
        rows[meta.AUDITS.relation] = fill_rows(connection, meta.AUDITS, (found.row for found in audited))
        fill_rows(connection, meta.CATALOG, ())
        create_macros(connection)
        comment_on_all(connection, models, synthetic=any(snapshot.is_sandbox for snapshot in landed))
        rows[meta.CATALOG.relation] = fill_catalog(connection)
        results = [
            write_results(home, connection, one.scope, one.snapshot_id) for one in current_manifests(home, landed)
        ]
    return WarehouseDraft(path, rows, results, audited)


def publish_draft(home: Home, draft: WarehouseDraft) -> None:
    """Publish the draft, or remove it and say which audit forbids it. Raises WarehouseError."""
    if draft.failures:
        discard_draft(draft.path)
        first = draft.failures[0]
        raise WarehouseError(
            f"not published: {', '.join(f.audit.name for f in draft.failures)} found what must not be "
            f"({first.offenders} rows in {first.audit.relation}, the first: {first.sample[:1]})",
            "The published file is as it was. Run 'cbr-warehouse replay', and report it where that says the same.",
        )
    with disk_errors(home.path):
        # Before it is published: what was published and not kept would be missing for ever in every later trend.
        for judged in draft.judged:
            write_result_history(home, judged)
        publish_file(home, draft.path)
