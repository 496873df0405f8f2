"""The last step: build the warehouse from the tables, audit it and publish it."""

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contract import meta
from pipelines.errors import PublicationError, StorageError
from pipelines.flow.judge import home_rules, judge_unjudged
from pipelines.flow.normalize import ALL, normalize_landed, resolve_snapshot_ids
from pipelines.history.results import ResultHistory, write_result_history, write_results
from pipelines.models.audit import AuditResult, all_audits
from pipelines.models.project import project
from pipelines.policy.resolve import Rules
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home
from pipelines.warehouse.audits import run_audits
from pipelines.warehouse.catalog import fill_catalog
from pipelines.warehouse.comments import comment_on_all
from pipelines.warehouse.file import discard_draft, open_draft, publish_file, remove_leftovers
from pipelines.warehouse.inputs import read_inputs
from pipelines.warehouse.macros import create_macros
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_rows, fill_sources


@dataclass(frozen=True, slots=True)
class WarehouseDraft:
    """A warehouse that is built and audited, and not yet published."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)  # by relation
    results: list[ResultHistory] = field(default_factory=list)  # written when the draft is published
    audits: list[AuditResult] = field(default_factory=list)

    @property
    def failures(self) -> list[AuditResult]:
        """The audits that forbid publication."""
        return [result for result in self.audits if result.forbids_publication]


def build(home: Home, run_id: str) -> None:
    """Publish a new file from the Parquet tables. Raise WarehouseError."""
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home)
        publish_draft(home, build_draft(home, run_id, rules))


def replay(home: Home, snapshot_id: str | None, run_id: str) -> None:
    """Repeat everything after landing, offline, for one snapshot or for all, and publish. Raise WarehouseError."""
    snapshot_ids = resolve_snapshot_ids(home, snapshot_id or ALL)
    rules = home_rules(home)
    with home.lock():
        judge_unjudged(home, run_id, rules)
        normalize_landed(home, snapshot_ids)
        publish_draft(home, build_draft(home, run_id, rules))


def build_draft(home: Home, run_id: str, rules: Rules | None = None) -> WarehouseDraft:
    """Build a draft from the newest complete snapshot of each scope, and audit it. Call it while the home is locked.

    `rules` default to those of the home. Raise WarehouseError.
    """
    remove_leftovers(home)
    inputs = read_inputs(home, run_id, rules or home_rules(home))
    if not inputs.snapshots:
        raise StorageError(f"nothing is landed in {home.path}", "Run 'cbr-warehouse run' first.")
    models = project()
    with disk_errors(home.path), open_draft(home, run_id) as (connection, path):
        rows = fill_sources(connection, inputs, models)
        rows |= build_models(connection, models)
        audits = run_audits(connection, all_audits(models.audits, models.controls))
        rows[meta.AUDITS.relation] = fill_rows(connection, meta.AUDITS, (result.row for result in audits))
        fill_rows(connection, meta.CATALOG, ())
        create_macros(connection)
        comment_on_all(connection, models, synthetic=any(snapshot.is_sandbox for snapshot in inputs.snapshots))
        rows[meta.CATALOG.relation] = fill_catalog(connection)
        results = [write_results(home, connection, *key) for key in sorted(inputs.current)]
    return WarehouseDraft(path, rows, results, audits)


def publish_draft(home: Home, draft: WarehouseDraft) -> None:
    """Publish the draft. If an audit forbids it, remove the draft and raise PublicationError."""
    if draft.failures:
        discard_draft(draft.path)
        first = draft.failures[0]
        raise PublicationError(
            f"not published: {', '.join(f.audit.name for f in draft.failures)} failed "
            f"({first.offenders} rows in {first.audit.relation}, the first: {first.sample[:1]})",
            "The published file is unchanged. Run 'cbr-warehouse replay', and report it if that fails, too.",
        )
    with disk_errors(home.path):
        # First the results: a published file whose results are not kept would leave a gap in every later trend.
        for results in draft.results:
            write_result_history(home, results)
        publish_file(home, draft.path)
