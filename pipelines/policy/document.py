"""YAML text -> values, and the line on which each of them stands.

Belongs here: reading YAML, and saying what is wrong with a line. Does not belong here: what a file may say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

import yaml

_MOST_REPEATED = 100_000  # values that aliases may add to those that are written
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a line; lines count from 1."""

    line: int
    message: str


@dataclass(slots=True)
class Document:
    """The values of a file, the line of each path in it, and what is wrong with it as YAML."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest that there is above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1


def read_document(text: str) -> Document:
    """Return the values of a text; a key that stands twice is a fault, as one of the two would be lost."""
    document = Document()
    try:
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                document.faults.append(Fault(1, "the file is empty"))
                return document
            if (line := _too_large(root)) is not None:
                document.faults.append(Fault(line, f"aliases of aliases make it more than {_MOST_REPEATED:,} values"))
                return document
            _walk(document, root, ())
            document.value = loader.construct_document(root)
            if document.value is None:
                document.faults.append(Fault(1, "the file is empty"))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.faults.append(Fault(mark.line + 1 if mark else 1, f"it is not YAML: {error.problem}"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        document.faults.append(Fault(1, f"it is not YAML: {error}"))
    return document


def _too_large(root: yaml.Node) -> int | None:
    """Return the line of the first node that is too large with its aliases followed, or that holds itself."""
    sizes: dict[int, float] = {}

    def measure(node: yaml.Node) -> tuple[float, int | None]:
        if id(node) in sizes:
            return sizes[id(node)], None
        sizes[id(node)] = inf  # found again below itself
        size = 1.0
        for child in _children(node):
            more, line = measure(child)
            if line is not None:
                return inf, line
            size += more
        sizes[id(node)] = size
        return size, node.start_mark.line + 1 if size - len(sizes) > _MOST_REPEATED else None

    return measure(root)[1]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (part for pair in node.value for part in pair)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _walk(document: Document, node: yaml.Node, path: Path) -> None:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                document.faults.append(Fault(line, f"the key {name} stands twice"))
            seen.add(name)
            document.lines[(*path, name)] = line
            _walk(document, value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(document, value, (*path, number))
