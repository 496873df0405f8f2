"""The list of a scope's backups, read until it stood still.

A missing page must never look like a deleted backup. The service has no snapshot of its own: while pages are
read, backups come and go, and what is behind a deleted one moves up, past the page that would have shown it.
So pages overlap by one backup, which must be the same on both; the count must not move; no id may come twice;
and all ids must be as many as the count. No count is believed alone: the end is where one more page brings
nothing. A look that fails is taken again, until two agree.

Pages enter, from the service or from a run that was killed; a `Listing` leaves.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from pipelines.extract.client import PAGE, Client
from pipelines.landing.manifest import LIST
from pipelines.landing.wire import id_of, parse
from pipelines.landing.writer import SnapshotWriter

LOOKS = 5  # at the most


@dataclass(frozen=True, slots=True)
class Item:
    """What the list says of one backup, as far as reading needs it."""

    status: str
    digest: bytes  # of the whole item: another digest means that something changed


@dataclass(slots=True)
class Listing:
    """One look at the list: its items by id, and what is wrong with it."""

    items: dict[str, Item] = field(default_factory=dict)
    pages: int = 0
    looks: int = 1
    _seen: int = 0
    _nameless: int = 0
    moved: str | None = None
    _counts: list[Any] = field(default_factory=list)
    _last: object = None

    @property
    def offset(self) -> int:
        """The record to go on from: the last one that was seen, so that the next page shows whether it moved."""
        return max(0, self._seen - 1)

    def add(self, page: dict[str, Any]) -> bool:
        """Take in the next page; tell whether it was the last."""
        batch = list(page["backups"])
        self._counts.append(page.get("count"))
        if self.pages and batch:
            if _edge(batch[0]) != self._last:
                self.moved = self.moved or "the list moved while it was read"
            batch = batch[1:]
        elif self.pages:
            self.moved = self.moved or "the list became shorter while it was read"
        self.pages += 1
        known = len(self.items)
        for item in batch:
            identity = id_of(item)
            if identity is None:  # it can't be told apart or asked for; it is landed, and normalizing rejects it
                self._nameless += 1
            elif identity not in self.items:
                self.items[identity] = Item(str(item.get("status")), digest_of(item))
        self._seen += len(batch)
        self._last = _edge(batch[-1]) if batch else self._last
        return len(self.items) == known or self._has_no_end

    @property
    def _has_no_end(self) -> bool:
        """Tell whether there is more than the service counts, so that a next page proves nothing."""
        counts = self._counts
        if not all(isinstance(count, int) for count in counts):
            return True
        return bool(self._seen > counts[-1] or self._seen > 2 * (counts[0] + PAGE))

    @property
    def problem(self) -> str | None:
        """Why this look can't be trusted to be all there is, or None."""
        if not all(isinstance(count, int) for count in self._counts):
            return "the service did not say how many backups there are"
        if min(self._counts) != max(self._counts):
            return f"the number of backups moved between {min(self._counts)} and {max(self._counts)} while it was read"
        if self._nameless:
            return f"{self._nameless} items of the list have no id, and may be any of the backups that seem to be gone"
        repeated = self._seen - self._nameless - len(self.items)
        if repeated:
            return f"{repeated} backups stood on two pages, so that others may stand on none"
        if self._seen != self._counts[-1]:
            return f"{self._seen} backups were read where the service counts {self._counts[-1]}"
        return self.moved


def read_list(client: Client, draft: SnapshotWriter) -> Listing:
    """Read the list until it stood still, landing the pages of the last look.

    The first look is good if nothing moved in it; a later one must agree with the one before it.
    """
    known = draft.listed()
    listing = Listing()
    last = False
    for line in draft.lines(LIST):
        last = listing.add(parse(line))
    if known is not None:
        listing.looks, listing.moved = known["looks"], known["moved"]
        client.is_sandbox |= known["is_sandbox"]
        return listing
    before: Listing | None = None
    while True:
        while not last:
            body, page = client.page(listing.offset)
            draft.write(LIST, body)
            last = listing.add(page)
        agrees = before is None or before.items.keys() == listing.items.keys()
        if listing.problem is None and not agrees:
            listing.moved = "no two looks at the list agreed"
        # Twice the same problem with the same backups does not heal by looking again.
        stuck = before is not None and agrees and before.problem == listing.problem
        if listing.problem is None or stuck or listing.looks == LOOKS:
            about = {"looks": listing.looks, "moved": listing.moved, "is_sandbox": client.is_sandbox}
            draft.finish_list(about)
            return listing
        draft.discard_list()
        before, listing, last = listing, Listing(looks=listing.looks + 1), False


def gone(client: Client, missing: list[str]) -> set[str]:
    """Return which of `missing` the list does not name any more.

    What it still names is not gone, whatever its details say; and a look that can't be trusted to be all there
    is proves no absence.
    """
    for _ in range(LOOKS if missing else 0):
        listing, last = Listing(), False
        while not last:
            last = listing.add(client.page(listing.offset)[1])
        if listing.problem is None:
            return set(missing) - listing.items.keys()
    return set()


def _edge(item: object) -> object:
    """Return what tells an item at the edge of a page apart from another, even where it has no id."""
    return id_of(item) or repr(item)


def digest_of(item: dict[str, Any]) -> bytes:
    """Return a digest of a list item, whatever the order of its keys."""
    text = json.dumps(item, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
