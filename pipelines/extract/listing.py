"""Reads the list of the backups of a scope until it did not change while it was read.

A missing page must never look like a deleted backup. So a read that fails one of the checks of backup_list.py is
repeated until two agree.
"""

from pipelines.extract.backup_list import BackupList
from pipelines.extract.client import Client
from pipelines.landing.manifest import LIST
from pipelines.landing.wire import parse
from pipelines.landing.writer import ListFacts, SnapshotWriter

MAX_READS = 5


def read_list(client: Client, writer: SnapshotWriter) -> BackupList:
    """Read the list until it did not change, landing the pages of the last read.

    The first read is good if nothing moved in it; a later one must agree with the one before it. Pages that an earlier
    run landed are not read again.
    """
    finished = writer.listed()
    current = BackupList()
    is_last = False
    for line in writer.lines(LIST):
        is_last = current.add_page(parse(line))
    if finished is not None:
        current.reads, current.conflict = finished.looks, finished.conflict
        client.is_sandbox |= finished.is_sandbox
        return current
    previous: BackupList | None = None
    while True:
        while not is_last:
            body = client.list_page(current.next_offset)
            writer.write(LIST, body.content)
            is_last = current.add_page(body.parsed)
        is_same = previous is None or previous.items.keys() == current.items.keys()
        if current.problem is None and not is_same:
            current.conflict = "no two reads of the list agreed"
        # The same problem with the same backups does not go away by reading once more.
        is_stuck = previous is not None and is_same and previous.problem == current.problem
        if current.problem is None or is_stuck or current.reads == MAX_READS:
            writer.finish_list(ListFacts(current.reads, current.conflict, client.is_sandbox))
            return current
        writer.discard(LIST)
        previous, current, is_last = current, BackupList(reads=current.reads + 1), False


def confirm_deleted(client: Client, missing_ids: list[str]) -> set[str]:
    """Return those of `missing_ids` that the list does not name any more.

    A backup that is still listed is not deleted, whatever its details say; and a read that may not be complete proves
    no absence.
    """
    for _ in range(MAX_READS if missing_ids else 0):
        current, is_last = BackupList(), False
        while not is_last:
            is_last = current.add_page(client.list_page(current.next_offset).parsed)
        if current.problem is None:
            return set(missing_ids) - current.items.keys()
    return set()
