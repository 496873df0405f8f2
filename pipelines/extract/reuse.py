"""Which details of the last complete snapshot still stand, so that a quiet day costs the list and what changed.

Every backup is read at least once: the list leaves out children, and of a lone disk the enterprise project too. Its
body is reused while the list says of it, word for word, what it said then, and while its status is a stable one. Each
backup is read again once in REFRESH_DAYS days all the same, in case the list does not show every change.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec

from pipelines.extract.backup_list import ListItem, item_digest
from pipelines.extract.watchdog import Watchdog
from pipelines.landing.blocks import reading_of
from pipelines.landing.manifest import LIST, SHOW, Snapshot
from pipelines.landing.reader import read_lines
from pipelines.landing.wire import id_of, parse
from pipelines.landing.writer import SnapshotWriter
from pipelines.storage.home import Home

STABLE_STATUSES = {"available", "error"}
REFRESH_DAYS = 7


@dataclass(slots=True)
class ListComparison:
    """What is left of the list of a previous snapshot."""

    still_listed: int = 0
    unchanged_ids: set[str] = field(default_factory=set)  # their details of the previous snapshot still stand


def compare_lists(home: Home, previous: Snapshot, items: dict[str, ListItem], today: date) -> ListComparison:
    """Compare the list of `previous` with `items`, the list of `today`."""
    due_days = refresh_days_between(previous.as_of.date(), today)
    still_listed, unchanged_ids = set(), set()
    for backup_id, previous_item in _list_items(home, previous):
        item = items.get(backup_id)
        if item is None:
            continue
        still_listed.add(backup_id)
        if (
            item.status in STABLE_STATUSES
            and refresh_day(backup_id) not in due_days
            and item.digest == item_digest(previous_item)
        ):
            unchanged_ids.add(backup_id)
    return ListComparison(len(still_listed), unchanged_ids)


def refresh_day(backup_id: str) -> int:
    """Return the day, in a cycle of REFRESH_DAYS, on which a backup is read again."""
    return zlib.crc32(backup_id.encode("utf-8", "replace")) % REFRESH_DAYS


def refresh_days_between(previous: date, today: date) -> set[int]:
    """Return the days of that cycle that came up after `previous`, up to `today`."""
    days = min((today - previous).days, REFRESH_DAYS)
    return {(today - timedelta(days=back)).toordinal() % REFRESH_DAYS for back in range(days)}


def reuse_details(
    home: Home, previous: Snapshot, backup_ids: set[str], writer: SnapshotWriter, watchdog: Watchdog
) -> set[str]:
    """Land the bodies of `backup_ids` in `previous` again; return the ids that it had.

    A million take minutes: `watchdog` gets a heartbeat for each.
    """
    reused_ids = set()
    for source, line in read_lines(home, previous, SHOW):
        watchdog.heartbeat()
        backup_id = landed_id(line)
        if backup_id in backup_ids and backup_id not in reused_ids:
            writer.write(f"{SHOW}-{reading_of(source, previous.snapshot_id)}", line)
            reused_ids.add(backup_id)
    return reused_ids


class _Backup(msgspec.Struct):
    id: str


class _ShowBackup(msgspec.Struct):
    backup: _Backup


_decoder = msgspec.json.Decoder(_ShowBackup)


def landed_id(body: bytes) -> str:
    """Return the id of the backup in a landed ShowBackup body, whose other fields are skipped and not parsed."""
    try:
        return _decoder.decode(body).backup.id
    except (ValueError, RecursionError):  # the id is a number, or something is no strict JSON
        return id_of(parse(body)["backup"]) or ""


def _list_items(home: Home, snapshot: Snapshot) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, line in read_lines(home, snapshot, LIST):
        for item in parse(line)["backups"]:
            if backup_id := id_of(item):
                yield backup_id, item
