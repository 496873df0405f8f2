"""The clauses of standards that each control supports, read from sql/standards.csv.

A clause without a control can't be measured here, and says so. No control satisfies a standard by itself.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema
from pipelines.models.control import Control
from pipelines.models.model import ModelError

STANDARDS_FILE = "standards.csv"
RELATIONS = ("direct", "supporting")
STANDARDS = Table(
    "compliance",
    "standards",
    "One row per clause and control that yields evidence for it, and one row per clause that nothing here measures.",
    ("framework", "version", "reference", "control_id"),
    (
        Column("framework", Type.STRING, "The standard.", required=True),
        Column("version", Type.STRING, "Its version.", required=True),
        Column("reference", Type.STRING, "The clause.", required=True),
        Column("control_id", Type.STRING, "The control; null where the clause can not be measured here."),
        Column("relation", Type.STRING, "How closely a pass supports the clause.", known_values=RELATIONS),
        Column("note", Type.STRING, "What has to be known of it."),
    ),
)


def standards_table(controls: Iterable[Control], path: Path) -> pa.Table:
    """Return the rows of a standards file. Raise ModelError if one names an unknown control or relation."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
    control_ids = {control.id for control in controls}
    for row in rows:
        if row["control_id"] is not None and (row["control_id"] not in control_ids or row["relation"] not in RELATIONS):
            raise ModelError(f"standards.csv names {row['control_id']} with relation {row['relation']}")
    return pa.Table.from_pylist(rows, arrow_schema(STANDARDS))
