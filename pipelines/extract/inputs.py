"""Reads the inputs of a scope beside its backups: vaults, policies, what could be backed up, logs.

An input that is refused or fails is recorded and ends nothing: the backups are what a snapshot is made of. The log of
operations and the audit trail vanish at the service, so that each reading goes on from the one before, with an overlap.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pipelines.contract.inputs import FAILED, GRANTED, INPUTS, NOT_GRANTED, Input
from pipelines.errors import ServiceError
from pipelines.extract.client import Body, Client
from pipelines.extract.protectables import read_protectables
from pipelines.extract.record_list import MAX_READS, RecordList, is_page, read_pages
from pipelines.extract.responses import ForbiddenError, NotFoundError
from pipelines.extract.traces import read_traces
from pipelines.landing.manifest import InputReading, Snapshot
from pipelines.landing.wire import parse
from pipelines.landing.writer import SnapshotWriter

PAGE_SIZE = 1000  # the most that a list returns
OVERLAP = {"operations": timedelta(days=2), "audit_events": timedelta(hours=6)}  # what runs may change later
TROUBLE = ("skipped", "failed", "timeout")
MAX_CHECKPOINTS = 200  # of one reading


@dataclass(slots=True)
class InputReader:
    """Reads the inputs of one snapshot. `audit` is the client of the audit trail, if there is one."""

    client: Client
    audit: Client | None
    writer: SnapshotWriter
    previous: Iterable[Snapshot]  # landed snapshots of the scope, oldest first
    _troubled: list[str] = field(default_factory=list)  # checkpoints of the operations read

    def read(self) -> tuple[InputReading, ...]:
        """Read every input and return how that went. Raise ServiceError only if the run is cancelled."""
        return tuple(self._read(source) for source in INPUTS)

    def _read(self, source: Input) -> InputReading:
        self.writer.discard(source.name)  # pages of an earlier run that was interrupted
        since = self._since(source)
        reading = InputReading(source.name, GRANTED, read_from=since, read_until=since and self.writer.as_of)
        try:
            problem, records = _READERS[source.name](self, source, since or self.writer.as_of)
            reading = replace(reading, complete=problem is None, problem=problem, records=records)
        except ForbiddenError as error:
            reading = InputReading(
                source.name, NOT_GRANTED, problem=f"{source.call} needs {source.permission}: {error}"
            )
        except (ServiceError, NotFoundError) as error:
            if self.client.watchdog.is_cancelled:
                raise
            reading = InputReading(source.name, FAILED, problem=f"{source.call}: {error}")
        if reading.status == GRANTED:
            self.writer.finish(source.name)
        else:
            self.writer.discard(source.name)
        return reading

    def _since(self, source: Input) -> datetime | None:
        """Return from when on a log is read: from the end of the last reading, and never beyond what is kept."""
        if source.kept is None:
            return None
        oldest = self.writer.as_of - source.kept
        ends = [
            reading.read_until - OVERLAP.get(source.name, timedelta(0))
            for snapshot in self.previous
            for reading in snapshot.inputs
            if reading.name == source.name and reading.status == GRANTED and reading.complete and reading.read_until
        ]
        return max([oldest, *ends])

    def _land(self, source: Input) -> Callable[[bytes], None]:
        return lambda content: self.writer.write(source.name, content)

    def _read_list(self, source: Input, path: str, limit: int = PAGE_SIZE) -> RecordList:
        """Read a list until one reading is whole."""
        separator = "&" if "?" in path else "?"

        def get_page(offset: int) -> Body:
            return self.client.get(f"{path}{separator}limit={limit}&offset={offset}", is_page(source))

        for _ in range(MAX_READS):
            self.writer.discard(source.name)
            records = read_pages(source, get_page, self._land(source), limit)
            if records.problem is None:
                break
        return records

    def _read_vaults(self, source: Input, _since: datetime) -> tuple[str | None, int]:
        records = self._read_list(source, "/vaults")
        return records.problem, len(records.ids)

    def _read_policies(self, source: Input, _since: datetime) -> tuple[str | None, int]:
        records = self._read_list(source, "/policies")
        return records.problem, len(records.ids)

    def _read_protectables(self, source: Input, _since: datetime) -> tuple[str | None, int]:
        return read_protectables(self.client, source, self._land(source))

    def _read_operations(self, source: Input, since: datetime) -> tuple[str | None, int]:
        records = self._read_list(source, f"/operation-logs?start_time={quote(_wire_time(since), safe='')}")
        troubled = (
            record.get("checkpoint_id")
            for line in self.writer.lines(source.name)
            for record in parse(line).get(source.path[0], ())
            if isinstance(record, dict) and record.get("status") in TROUBLE
        )
        self._troubled = sorted({checkpoint for checkpoint in troubled if isinstance(checkpoint, str) and checkpoint})
        return records.problem, len(records.ids)

    def _read_checkpoints(self, source: Input, _since: datetime) -> tuple[str | None, int]:
        read = 0
        for checkpoint in self._troubled[-MAX_CHECKPOINTS:]:
            try:
                body = self.client.get(f"/checkpoints/{quote(checkpoint, safe='')}", _is_checkpoint)
            except NotFoundError:
                continue  # its backups are gone
            self.writer.write(source.name, body.content)
            read += 1
        omitted = len(self._troubled) - MAX_CHECKPOINTS
        return (f"{omitted} restore points were not read" if omitted > 0 else None), read

    def _read_audit_events(self, source: Input, since: datetime) -> tuple[str | None, int]:
        if self.audit is None:
            raise ServiceError("no endpoint of CTS is known", "Set cts_endpoint_override in clouds.yaml.")
        return read_traces(self.audit, source, self._land(source), since, self.writer.as_of)


_READERS: dict[str, Callable[[InputReader, Input, datetime], tuple[str | None, int]]] = {
    "vaults": InputReader._read_vaults,
    "policies": InputReader._read_policies,
    "protectables": InputReader._read_protectables,
    "operations": InputReader._read_operations,
    "checkpoints": InputReader._read_checkpoints,
    "audit_events": InputReader._read_audit_events,
}


def _is_checkpoint(body: dict[str, Any]) -> bool:
    return isinstance(body.get("checkpoint"), dict)


def _wire_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
