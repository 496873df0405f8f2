"""One JSON object -> one row of one table, with what did not fit.

Takes each column's value by its path, and keeps every other key. Which objects become rows is said in flatten.py, and
what fits a type in coerce.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.contract.columns import Column, Table
from pipelines.landing.wire import parse
from pipelines.normalize.coerce import Fit, Fitter, fitter, json_text

Note = Callable[[str, str, object], None]  # (path, kind, value): what the drift report counts


@dataclass(frozen=True, slots=True)
class Node:
    """The columns of a table as the tree of keys in which a record carries them."""

    column: Column | None = None
    inner: dict[str, "Node"] = field(default_factory=dict)
    fit: Fitter | None = None  # of the column


def tree(table: Table, structural: tuple[str, ...] = ()) -> Node:
    """Return the keys that `table` knows. `structural` ones hold rows of other tables."""
    root = Node(inner={key: Node() for key in structural})
    for column in table.columns:
        at = root
        for key in column.path:
            at.inner.setdefault(key, Node())
            at = at.inner[key]
        if column.path:
            parent = root
            for key in column.path[:-1]:
                parent = parent.inner[key]
            parent.inner[column.path[-1]] = Node(column, at.inner, fitter(column.type))
    return root


def read(record: dict[str, Any], known: Node, note: Note) -> dict[str, Any]:
    """Return the row of `record`: column name -> value, with everything else as JSON text in `extra`."""
    row: dict[str, Any] = {}
    extra = _walk(record, known, row, note, "")
    row["extra"] = json_text(extra) if extra else None
    return row


def _walk(value: dict[str, Any], known: Node, row: dict[str, Any], note: Note, path: str) -> dict[str, Any]:
    """Fill `row` from `value`; return what found no place in it."""
    extra: dict[str, Any] = {}
    for key, item in value.items():
        node = known.inner.get(key)
        here = f"{path}{key}"
        if node is None:
            note(here, "unknown", item)
            extra[key] = item
            continue
        if item is None:  # fits every column
            continue
        left = item
        if node.column is not None and node.fit is not None:
            row[node.column.name], how = node.fit(item)
            if how is not Fit.AS_SENT:
                note(here, how.value, item)
            left = item if how is Fit.REFUSED else None
        if node.inner:
            left = _inner(item, node, row, note, here)
        if left is not None and (node.column is not None or node.inner):
            extra[key] = left
    return extra


def _inner(item: object, node: Node, row: dict[str, Any], note: Note, path: str) -> object:
    """Read the keys below `item`; return what is left of it, or None."""
    if node.column is not None and isinstance(item, str):
        item = spelled_out(item)
    if isinstance(item, dict):
        is_open = node.column is not None and node.column.is_open
        left = _walk(item, node, row, _known_keys(note) if is_open else note, f"{path}.")
        # Where the object has a column of its own, that column already holds what is left.
        return (left or None) if node.column is None else None
    if item is None or node.column is not None:
        return None
    note(path, Fit.REFUSED.value, item)
    return item


def _known_keys(note: Note) -> Note:
    """Return `note` without the keys that the contract does not define."""
    return lambda path, kind, value: None if kind == "unknown" else note(path, kind, value)


def spelled_out(text: str) -> object:
    """Return the object that `text` spells: older services sent extra_info as JSON inside a string."""
    try:
        return parse(text.encode("utf-8", "replace")) if text.lstrip().startswith("{") else None
    except ValueError:
        return None
