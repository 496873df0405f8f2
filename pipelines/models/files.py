"""Where sql/ is, and the text of its files that are no models.

Models, which create relations, are read by project.py. All other SELECTs are read by name: the steps of a fold, the
tables of the report, and the queries of status, alerts, evidence and the commands.
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
