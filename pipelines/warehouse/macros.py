"""sql/macros/ -> table macros in a draft: what analysts write again and again, under a name.

Belongs here: making them. One file is one macro of the schema compliance: a SELECT under a comment that says what a row
is, with `$name` where it takes a parameter. Does not belong here: what models need, which never call a macro.
"""

import re

import duckdb

from pipelines.contract.derive import quoted
from pipelines.models.files import sql_folder
from pipelines.models.model import leading_comment


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create each macro of sql/macros/, with its comment."""
    for path in sorted((sql_folder() / "macros").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        about, header = leading_comment(text)
        select = re.sub(r"\$(\w+)", r"\1", text)
        name = f"compliance.{path.stem}"
        connection.execute(f"CREATE MACRO {name}({header['parameters']}) AS TABLE {select}")
        connection.execute(f"COMMENT ON MACRO TABLE {name} IS {quoted(about)}")
