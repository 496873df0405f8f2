"""The files of sql/: where they are, and the text of those that are run as they stand.

Models, which leave relations behind, are read by project.py. All other SELECTs are asked by name: the steps of a fold,
the tables of the report, and what status, alerts, evidence and the commands ask.
"""

from pathlib import Path


def sql_folder() -> Path:
    """Return the folder of SQL: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


def read_query(name: str) -> str:
    """Return the SELECT of a file by its path below sql/ without the suffix, such as `reports/grid`."""
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")
