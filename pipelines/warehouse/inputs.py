"""What a draft is made of besides the models: every manifest it needs, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.history.manifest import HistoryState, read_history
from pipelines.landing.attempts import Attempt, read_attempts
from pipelines.landing.manifest import Snapshot, newest_complete, read_snapshots
from pipelines.policy.resolve import Rules
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest, read_table_manifest
from pipelines.warehouse.input_files import InputFile, read_input_files


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one draft."""

    home: Home
    run_id: str
    rules: Rules
    snapshots: list[Snapshot]  # all that count, by scope and time
    attempts: list[Attempt]  # how the last reading of each scope ended
    tables: list[TableManifest]  # of the newest complete snapshot of each scope
    histories: list[HistoryState]  # of the same scopes
    files: tuple[InputFile, ...] = ()  # of the user

    @property
    def current(self) -> set[tuple[str, str]]:
        """Scope and id of the snapshots that the draft judges."""
        return {(manifest.scope, manifest.snapshot_id) for manifest in self.tables}


def read_inputs(
    home: Home,
    run_id: str,
    rules: Rules,
    until: datetime | None = None,
    packed_files: Mapping[str, datetime] | None = None,
) -> Inputs:
    """Return the inputs of a draft, or those of a past one that knew only readings that had ended by `until`.

    The history must not contain anything newer. `packed_files` are the modified times of input files in a pack of
    evidence. Raise StorageError if a manifest is damaged, InputFileError if an input file is not valid.
    """
    landed = read_snapshots(home)
    attempts = read_attempts(home, landed)
    files = read_input_files(home, [attempt.scope for attempt in attempts], packed_files) if attempts else ()
    snapshots = snapshots_until(landed, until)
    if until is not None:
        # An attempt that failed since then has replaced the one before: the newest snapshot stands for it.
        newest = {snapshot.scope: Attempt(snapshot.scope, snapshot.finished_at, None) for snapshot in snapshots}
        past = (attempt if attempt.at <= until else newest.get(attempt.scope) for attempt in attempts)
        attempts = [attempt for attempt in past if attempt]
    manifests = (read_table_manifest(home, s.scope, s.snapshot_id) for s in newest_complete(snapshots))
    tables = [manifest for manifest in manifests if manifest]
    histories = [read_history(home, manifest.scope) for manifest in tables]
    return Inputs(home, run_id, rules, snapshots, attempts, tables, histories, files)


def snapshots_until(snapshots: list[Snapshot], until: datetime | None) -> list[Snapshot]:
    """Return the snapshots whose reading had ended by `until`, or all if it is None."""
    return [snapshot for snapshot in snapshots if until is None or snapshot.finished_at <= until]
