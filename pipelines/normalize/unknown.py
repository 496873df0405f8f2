"""Keys that the contract does not know -> the column `extra` and the drift report.

Gives what record.py gives for the same object, from the raw JSON in Structs instead of from parsed bodies.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pipelines.landing.wire import parse
from pipelines.normalize.coerce import json_text, json_type
from pipelines.normalize.decode import NO_JSON, BodyDecoder
from pipelines.normalize.drift import Deviation, Drift
from pipelines.normalize.structs import ObjectType

Entries = dict[str, Any]  # key -> JSON text, or the entries of an object


class Spelling:
    """Raw JSON as the row reader spells it. Few values differ within a block, so each is parsed once."""

    def __init__(self) -> None:
        """Begin with no values."""
        self._values: dict[bytes, tuple[str, str]] = {}

    def text_and_type(self, raw: Any) -> tuple[str, str]:
        """Return the text and the JSON type of a value. Raises ValueError where the row reader does."""
        value = bytes(raw)
        if value not in self._values:
            parsed = parse(value)
            self._values[value] = json_text(parsed), json_type(parsed)
        return self._values[value]

    def text(self, raw: Any) -> str | None:
        """Return the text of a value in a column of JSON. Raises ValueError where the row reader does."""
        return None if bytes(raw) in NO_JSON else self.text_and_type(raw)[0]


class UnknownKeys:
    """Collects the unknown keys of the records of one block."""

    def __init__(self, decoder: BodyDecoder, spelling: Spelling) -> None:
        """`decoder` is the one that made the Structs."""
        self._decoder = decoder
        self._spelling = spelling
        self.drift = Drift()

    def in_use(self, kind: ObjectType) -> bool:
        """Tell whether an object, or one within it, may have unknown keys."""
        return bool(self._decoder.structs.unknown.get(kind)) or any(map(self.in_use, kind.objects.values()))

    def rows(self, kind: ObjectType, items: Sequence[Any]) -> list[int]:
        """Return which objects have unknown keys, or hold one that has."""
        rows: set[int] = set()
        for attribute, _ in self._decoder.structs.unknown.get(kind, ()):
            # Structs that were made before the key was met lack it.
            rows.update(row for row, item in enumerate(items) if getattr(item, attribute, None))
        for key, inner in kind.objects.items():
            if self.in_use(inner):
                rows.update(self.rows(inner, [getattr(item, key, None) for item in items]))
        return sorted(rows)

    def text(self, kind: ObjectType, record: Any, record_id: str, as_sent: Callable[[], Any]) -> str:
        """Return the unknown keys of a record as JSON, and count them. Raises ValueError where the row reader does.

        `as_sent` parses the record: a Struct does not tell the order of its keys.
        """
        entries = self._entries(kind, record, record_id)
        return _json(entries, as_sent() if _has_order(entries) else None)

    def count(self, kind: ObjectType, item: Any, record_id: str) -> None:
        """Count the unknown keys of an object in a column of JSON. Raises ValueError where the row reader does."""
        self._entries(kind, item, record_id)

    def _entries(self, kind: ObjectType, item: Any, record_id: str) -> Entries:
        entries: Entries = {}
        for attribute, key in self._decoder.structs.unknown.get(kind, ()):
            if raw := getattr(item, attribute, None):
                entries[key], found = self._spelling.text_and_type(raw)
                path = ".".join((*kind.path, key))
                self.drift.add(Deviation(kind.table.name, path, "unknown", found), record_id)
        for key, inner in kind.objects.items():
            if (value := getattr(item, key)) is not None and (within := self._entries(inner, value, record_id)):
                entries[key] = within
        return entries


def _has_order(entries: Entries) -> bool:
    """Tell whether some object has more than one of the entries."""
    return len(entries) > 1 or any(_has_order(value) for value in entries.values() if isinstance(value, dict))


def _json(entries: Entries, as_sent: Any) -> str:
    keys = sorted(entries, key=list(as_sent).index) if len(entries) > 1 else entries
    texts = (
        f"{json_text(key)}:{_json(value, as_sent and as_sent[key]) if isinstance(value, dict) else value}"
        for key, value in ((key, entries[key]) for key in keys)
    )
    return "{" + ",".join(texts) + "}"
