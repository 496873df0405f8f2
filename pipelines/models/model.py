"""One SQL file -> one `Model`: its doc, columns, dependencies, version.

A file is one SELECT, runnable as it stands. Its leading comment says what a row is; `-- key: value` lines
after it are its header. A line that is indented continues the key above; under a key without a value it is an item
of a list. A column of the last SELECT is described behind it, as `-- TYPE: words`, or above it where that makes the
line too long; lines of comment that follow belong to it. One that carries no comment has the type and words of the
column of that name in what the model reads.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

# Folder of sql/ -> schema in DuckDB.
SCHEMAS = {
    "staging": "staging",
    "intermediate": "intermediate",
    "history": "history",
    "controls": "controls",
    "marts": "compliance",
}
AUDITS = "audits"

TABLE, VIEW = "table", "view"
_KINDS = (TABLE, VIEW)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HEADER = re.compile(r"([a-z]+):(?: (.+))?")
_CONTINUED, _DEEPER = "   ", "     "  # how an indented line of a header begins, behind the dashes
_KEYS = {
    *("kind", "severity", "relation", "title", "links"),
    *("id", "version", "subject", "gate", "worse", "waiver", "parameters", "remedy", "reasons"),
}
_COLUMN = re.compile(r"\s*([A-Z]+(?:\[\])?): (.+)", re.DOTALL)


class ModelError(Exception):
    """A file of sql/ that breaks the rules of this project: for its author, not for its user."""


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column of a model: its type in DuckDB and what it means."""

    name: str
    type: str
    doc: str


@dataclass(frozen=True, slots=True)
class Model:
    """One SELECT. `own` are the columns it describes itself, `names` all columns in order."""

    schema: str
    name: str
    sql: str
    doc: str
    header: dict[str, str]
    names: tuple[str, ...]
    own: dict[str, ModelColumn]
    depends_on: tuple[str, ...]

    @property
    def relation(self) -> str:
        """The name that SQL uses."""
        return f"{self.schema}.{self.name}"

    @property
    def kind(self) -> str:
        """TABLE, or VIEW where its header says `kind: view`."""
        return self.header.get("kind", TABLE).upper()

    @property
    def version(self) -> str:
        """A hash of the text: another text is another version."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


def read_model(path: Path) -> Model:
    """Return the model of a file. Raises ModelError where it is not one SELECT with a leading comment."""
    return parse_model(SCHEMAS.get(path.parent.name, AUDITS), path.stem, path.read_text(encoding="utf-8"))


def parse_model(schema: str, name: str, sql: str) -> Model:
    """Return the model of a text."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise ModelError(f"{schema}.{name} is not SQL: {error}") from error
    if len(statements) != 1 or not isinstance(select := statements[0], exp.Select):
        raise ModelError(f"{schema}.{name} is not one SELECT")
    doc, header = leading_comment(sql)
    if not doc:
        raise ModelError(f"{schema}.{name} does not say what a row is in its leading comment")
    if header.get("kind", TABLE) not in _KINDS:
        raise ModelError(f"{schema}.{name} is of kind {header['kind']!r}: it must be {' or '.join(_KINDS)}")
    for word in (name, *select.named_selects):
        if not _NAME.fullmatch(word):
            raise ModelError(f"{schema}.{name} has the name {word!r}: names are of small letters, digits and _")
    own = {column.alias_or_name: found for column in select.selects if (found := _described(column))}
    tables = {
        table.sql(dialect="duckdb", comments=False).split(" ")[0]
        for scope in traverse_scope(select)
        for table in scope.sources.values()
        if isinstance(table, exp.Table)
    }
    return Model(schema, name, sql, doc, header, tuple(select.named_selects), own, tuple(sorted(tables)))


def leading_comment(sql: str) -> tuple[str, dict[str, str]]:
    """Return the words before the first line of SQL, and the header among them. Items of a list are lines."""
    doc: list[str] = []
    header: dict[str, str] = {}
    key, separator = "", " "
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment = line.removeprefix("--")
        text = comment.strip()
        if header and comment.startswith(_CONTINUED):
            header[key] += (" " if comment.startswith(_DEEPER) else separator) + text
        elif doc and (match := _HEADER.fullmatch(text)):
            key, separator = match[1], " " if match[2] else "\n"
            if key not in _KEYS:
                raise ModelError(f"a header has no {key!r}: if it is no key, begin that line with another word")
            header[key] = match[2] or ""
        else:
            doc.append(text)
    return " ".join(doc), {name: value.strip() for name, value in header.items()}


def _described(column: exp.Expr) -> ModelColumn | None:
    """Return the column as its comment describes it. The comment hangs on the expression beside which it stands."""
    described = None
    for node in column.walk():
        for comment in node.comments or []:
            if match := _COLUMN.fullmatch(comment):
                described, last = ModelColumn(column.alias_or_name, match[1], match[2].strip()), node
            elif described and node is last:
                described = replace(described, doc=f"{described.doc} {comment.strip()}")
    return described
