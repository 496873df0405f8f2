"""Reading YAML with the line of every value, so that a problem can name its line.

Repeated keys and aliases that expand to very large documents are problems here. What the files may contain is in
schema.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

import yaml

_MAX_ALIASED_VALUES = 100_000  # values that aliases may add to those that are written
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one line of a file; lines count from 1."""

    line: int
    message: str


@dataclass(slots=True)
class Document:
    """The values of a YAML file, the line of each key path, and the problems found in it."""

    value: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """Return the line of a key path, or of its nearest ancestor in the file."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def add_problem(self, path: KeyPath, message: str) -> None:
        """Record a problem on the line of a key path."""
        self.problems.append(Problem(self.line(path), message))


def read_document(text: str) -> Document:
    """Return the values of a YAML text. A repeated key is a problem, because one of its values would be lost."""
    document = Document()
    try:
        loader = yaml.SafeLoader(text)
        try:
            _load(document, loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.problems.append(Problem(mark.line + 1 if mark else 1, f"it is not YAML: {error.problem}"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        document.problems.append(Problem(1, f"it is not YAML: {error}"))
    return document


def _load(document: Document, loader: yaml.SafeLoader) -> None:
    root = loader.get_single_node()
    if root is not None:
        line = _line_of_oversized_node(root)
        if line is not None:
            message = f"aliases of aliases make it more than {_MAX_ALIASED_VALUES:,} values"
            document.problems.append(Problem(line, message))
            return
        _add_lines(document, root, ())
        document.value = loader.construct_document(root)
    if document.value is None:
        document.problems.append(Problem(1, "the file is empty"))


def _line_of_oversized_node(root: yaml.Node) -> int | None:
    """Return the line of the first node that is too large with its aliases expanded, or that contains itself."""
    sizes: dict[int, float] = {}

    def measure(node: yaml.Node) -> tuple[float, int | None]:
        if id(node) in sizes:
            return sizes[id(node)], None
        sizes[id(node)] = inf  # for a node that contains itself
        size = 1.0
        for child in _children(node):
            child_size, line = measure(child)
            if line is not None:
                return inf, line
            size += child_size
        sizes[id(node)] = size
        return size, node.start_mark.line + 1 if size - len(sizes) > _MAX_ALIASED_VALUES else None

    return measure(root)[1]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (part for pair in node.value for part in pair)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _add_lines(document: Document, node: yaml.Node, path: KeyPath) -> None:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in names:
                document.problems.append(Problem(line, f"the key {name} appears twice"))
            names.add(name)
            document.lines[(*path, name)] = line
            _add_lines(document, value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _add_lines(document, value, (*path, number))
