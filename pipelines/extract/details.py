"""Reads the details of backups, several at a time. Which are read is decided in snapshot.py."""

import queue
from collections.abc import Callable, Sequence

from pipelines.extract.backup_list import ListItem
from pipelines.extract.client import Client
from pipelines.extract.responses import NotFoundError
from pipelines.extract.watchdog import run_in_background
from pipelines.landing.manifest import SHOW
from pipelines.landing.writer import SnapshotWriter


def requestable_ids(items: dict[str, ListItem]) -> list[str]:
    """Return the ids of the backups whose details can be requested."""
    # An id of dots alone is a step in a path, and would request something else.
    return [backup_id for backup_id in items if backup_id.strip(".")]


def read_details(
    client: Client,
    backup_ids: Sequence[str],
    writer: SnapshotWriter,
    concurrency: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> tuple[int, list[str]]:
    """Read and land the details of `backup_ids`; return how many were read, and the ids that were not found.

    `on_progress` gets the number of backups that are done. Raise the first error of a thread; what was read until then
    is landed.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    results: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()  # an id was not found
    for backup_id in backup_ids:
        waiting.put(backup_id)

    def read_until_empty() -> None:
        try:
            while True:
                results.put(_read(client, waiting.get_nowait(), writer))
        except queue.Empty:
            return
        except BaseException as error:
            results.put(error)

    for _ in range(min(concurrency, len(backup_ids))):
        run_in_background(f"details of {client.scope.name}", read_until_empty)
    not_found = []
    for done in range(1, len(backup_ids) + 1):
        result = results.get()
        if isinstance(result, BaseException):
            client.watchdog.cancel()  # nobody should wait for retries of the other threads
            raise result
        if result is not None:
            not_found.append(result)
        on_progress(done)
    return len(backup_ids) - len(not_found), sorted(not_found)


def _read(client: Client, backup_id: str, writer: SnapshotWriter) -> str | None:
    """Land the details of one backup; return its id if it was not found."""
    try:
        body = client.show_backup(backup_id)
    except NotFoundError:
        return backup_id
    writer.write(SHOW, body.content)
    return None
