"""One read of the list of backups, page by page, and the checks that it is complete.

The service has no snapshot of its own: while pages are read, backups come and go, and what follows a deleted one moves
up, past the page that would have shown it. So pages overlap by one backup, which must be the same on both; the count
must not change; no id may come twice; and there must be as many ids as the count says. No count is trusted alone: the
end is where one more page brings nothing. How often the list is read is decided in listing.py.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from pipelines.extract.client import PAGE_SIZE
from pipelines.landing.wire import id_of


@dataclass(frozen=True, slots=True)
class ListItem:
    """What the list says of one backup, as far as the extraction needs it."""

    status: str
    digest: bytes  # of the whole item: another digest means that something changed


@dataclass(slots=True)
class BackupList:
    """One read of the list: its items by id, and why it may not be complete."""

    items: dict[str, ListItem] = field(default_factory=dict)
    pages: int = 0
    reads: int = 1  # how often the list was read, this time included
    conflict: str | None = None  # how the list changed while it was read
    _seen: int = 0
    _without_id: int = 0
    _counts: list[Any] = field(default_factory=list)
    _last_item: object = None

    @property
    def next_offset(self) -> int:
        """The offset of the next page: that of the last item, so that the page shows whether it moved."""
        return max(0, self._seen - 1)

    def add_page(self, page: dict[str, Any]) -> bool:
        """Add the next page; tell whether it was the last one."""
        batch = list(page["backups"])
        self._counts.append(page.get("count"))
        if self.pages and batch:
            if _identity(batch[0]) != self._last_item:
                self.conflict = self.conflict or "the list changed while it was read"
            batch = batch[1:]
        elif self.pages:
            self.conflict = self.conflict or "the list became shorter while it was read"
        self.pages += 1
        items_before = len(self.items)
        for item in batch:
            self._add(item)
        self._seen += len(batch)
        self._last_item = _identity(batch[-1]) if batch else self._last_item
        return len(self.items) == items_before or self._is_endless

    def _add(self, item: Any) -> None:
        backup_id = id_of(item)
        if backup_id is None:  # it can't be identified or asked for; it is landed, and normalizing rejects it
            self._without_id += 1
        elif backup_id not in self.items:
            self.items[backup_id] = ListItem(str(item.get("status")), item_digest(item))

    @property
    def _is_endless(self) -> bool:
        """Tell whether there are more items than the service counts, so that a next page proves nothing."""
        counts = self._counts
        if not all(isinstance(count, int) for count in counts):
            return True
        return bool(self._seen > counts[-1] or self._seen > 2 * (counts[0] + PAGE_SIZE))

    @property
    def problem(self) -> str | None:
        """Why this read may not be complete, or None."""
        if not all(isinstance(count, int) for count in self._counts):
            return "the service did not say how many backups there are"
        if min(self._counts) != max(self._counts):
            return (
                f"the number of backups changed between {min(self._counts)} and {max(self._counts)} while it was read"
            )
        if self._without_id:
            return (
                f"{self._without_id} items of the list have no id, and may be any of the backups that seem to be gone"
            )
        repeated = self._seen - self._without_id - len(self.items)
        if repeated:
            return f"{repeated} backups were on two pages, so that others may be on none"
        if self._seen != self._counts[-1]:
            return f"{self._seen} backups were read where the service counts {self._counts[-1]}"
        return self.conflict


def item_digest(item: dict[str, Any]) -> bytes:
    """Return a digest of a list item, whatever the order of its keys."""
    text = json.dumps(item, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _identity(item: object) -> object:
    """Return what tells an item at the edge of a page apart from another, even if it has no id."""
    return id_of(item) or repr(item)
