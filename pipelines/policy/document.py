"""YAML text -> values, and the line on which each of them stands.

Belongs here: reading YAML, and saying what is wrong with a line. Does not belong here: what a file may say.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a line; lines count from 1."""

    line: int
    what: str


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
            _walk(document, root, ())
            document.value = loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.faults.append(Fault(mark.line + 1 if mark else 1, f"it is not YAML: {error.problem}"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        document.faults.append(Fault(1, f"it is not YAML: {error}"))
    return document


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
