"""One scope, read whole -> one landed snapshot.

Belongs here: which requests make a snapshot, and whether the answers are all there is. A missing page must
never look like a deleted backup: what does not add up is landed as incomplete, with the reason.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pipelines import clock
from pipelines.extract import landing
from pipelines.extract.client import Client, Vanished
from pipelines.extract.clouds import open_scope
from pipelines.extract.landing import LIST, SHOW, Landing, Snapshot
from pipelines.home import Home, writing

# Backups of these are leaves: the list says all there is, but for the enterprise project. A type that is
# not known may have children, so its details are read.
LEAVES = {"OS::Cinder::Volume", "OS::Sfs::Turbo"}

Progress = Callable[[str, int, int], None]  # scope, details read, details to read


def land(home: Home, name: str, progress: Progress) -> Snapshot:
    """Read the scope called `name` and land it. Raises Problem where it can't be read at all."""
    with open_scope(name) as scope, writing(home.path):
        as_of = _begin(home, name)
        client = Client(scope)
        with Landing(home, name, clock.snapshot_id(as_of)) as folder:
            items, pages, reason = _list(client, folder)
            wanted = [backup_id for backup_id, kind in items.items() if kind not in LEAVES]
            vanished = []
            for done, backup_id in enumerate(wanted):
                progress(name, done, len(wanted))
                try:
                    folder.write(SHOW, client.show(backup_id)[0])
                except Vanished:
                    vanished.append(backup_id)
            progress(name, len(wanted), len(wanted))
            return folder.commit(
                scope=name,
                snapshot_id=clock.snapshot_id(as_of),
                as_of=as_of,
                finished_at=clock.utc_now(),
                complete=reason is None,
                incomplete_reason=reason,
                is_sandbox=client.is_sandbox,
                region=scope.region,
                project_id=scope.project_id,
                pages=pages,
                listed=len(items),
                shown=len(wanted) - len(vanished),
                vanished=tuple(vanished),
                requests=client.tally.requests,
                retries=client.tally.retries,
            )


def _begin(home: Home, name: str) -> datetime:
    """Return the instant at which reading begins; a snapshot's name must be its own, so wait out its second."""
    while landing.exists(home, name, clock.snapshot_id(as_of := clock.utc_now())):
        time.sleep(0.05)
    return as_of


def _list(client: Client, folder: Landing) -> tuple[dict[str, Any], int, str | None]:
    """Land all list pages; return id -> resource type, the number of pages, and why they are not complete."""
    items: dict[str, Any] = {}
    counts: list[Any] = []
    seen = nameless = 0
    while True:
        body, page = client.page(seen)
        folder.write(LIST, body)
        counts.append(page.get("count"))
        known = len(items)
        for item in page["backups"]:
            # What has no id can't be asked for or told apart; it is landed, and normalizing rejects it.
            identity = item.get("id") if isinstance(item, dict) else None
            nameless += not identity
            if identity:
                items.setdefault(str(identity), item.get("resource_type"))
        seen += len(page["backups"])
        if len(items) == known or seen == counts[-1]:
            return items, len(counts), _incomplete(seen, seen - nameless - len(items), counts)


def _incomplete(seen: int, repeated: int, counts: list[Any]) -> str | None:
    """Return why the pages can't be trusted to be all, or None."""
    if not all(isinstance(count, int) for count in counts):
        return "the service did not say how many backups there are"
    if min(counts) != max(counts):
        return f"the number of backups moved between {min(counts)} and {max(counts)} while paging"
    if repeated:
        return f"{repeated} backups stood on two pages, so that others may stand on none"
    if seen != counts[-1]:
        return f"{seen} backups were read where the service counts {counts[-1]}"
    return None
