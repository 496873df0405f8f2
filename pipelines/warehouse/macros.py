"""Table macros for analysts, one per file of sql/macros/. Models never call them.

A file is a SELECT under a comment that says what a row is, with `$name` for a parameter.
"""

import re

import duckdb

from pipelines.contract.derive import quoted
from pipelines.models.files import sql_folder
from pipelines.models.model import leading_comment


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every macro of sql/macros/ with its comment."""
    for path in sorted((sql_folder() / "macros").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        about, header = leading_comment(text)
        select = re.sub(r"\$(\w+)", r"\1", text)
        name = f"compliance.{path.stem}"
        connection.execute(f"CREATE MACRO {name}({header['parameters']}) AS TABLE {select}")
        connection.execute(f"COMMENT ON MACRO TABLE {name} IS {quoted(about)}")
