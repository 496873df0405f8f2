"""What a scan found -> the rows of the four tables.

Belongs here: which object is a row of which table, and the columns that say where it stood. Children of
children do not fit, so that a child is always carried by the backup itself.
"""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from pipelines.contract.derive import arrow_schema
from pipelines.contract.tables import NORMALIZED
from pipelines.normalize.columnar.columns import columns_of
from pipelines.normalize.columnar.found import Found
from pipelines.normalize.columnar.plan import SHAPES, bit_of
from pipelines.normalize.columnar.shapes import Shape
from pipelines.normalize.columnar.texts import AnyArray, buffer, flags

Columns = dict[str, AnyArray]


def tables_of(found: Found, constants: Mapping[str, object], *, shown: bool) -> dict[str, pa.Table]:
    """Return the four tables of the lines that fit.

    `constants` are columns with one value in all rows; `shown` says that the lines are answers of ShowBackup.
    """
    read = {shape.number: columns_of(found, shape) for shape in SHAPES.all if shape.slots}
    backup, child = (read[shape.number]["id"] for shape in (SHAPES.backup, SHAPES.child))
    of_child, of_info, of_record = (
        backup.take(_carriers(found, shape)) for shape in (SHAPES.child, SHAPES.backup_info, SHAPES.record)
    )
    carriers = _carriers(found, SHAPES.child_info)
    placed: list[tuple[Shape, Columns, dict[str, object]]] = [
        (SHAPES.backup, _loaded(found, shown=shown), {}),
        (SHAPES.child, {"backup_id": of_child, "carrier_id": of_child}, {"depth": 1}),
        (SHAPES.backup_info, {"backup_id": of_info, "top_backup_id": of_info}, {"level": "backup"}),
        (
            SHAPES.child_info,
            {"backup_id": child.take(carriers), "top_backup_id": of_child.take(carriers)},
            {"level": "child"},
        ),
        (SHAPES.record, {"backup_id": of_record, "top_backup_id": of_record}, {}),
    ]
    parts: dict[str, list[pa.Table]] = {table.name: [] for table in NORMALIZED}
    for shape, where, same in placed:
        columns = read[shape.number] | where
        parts[shape.table.name].append(_table(shape, int(found.rows[shape.number]), columns, {**constants, **same}))
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def records_of(found: Found) -> Counter[str]:
    """Return how many records the scan met, by table."""
    counts: Counter[str] = Counter()
    for shape in SHAPES.all:
        if shape.slots:
            counts[shape.table.name] += int(found.rows[shape.number])
    return counts


def _loaded(found: Found, *, shown: bool) -> Columns:
    """Return which lists each backup was sent with."""
    seen = found.seen[found.fits]
    children, records = (seen & bit_of(name) != 0 for name in ("children", "replication_records"))
    return {"detail_loaded": flags(children & shown), "replication_loaded": flags(records)}


def _carriers(found: Found, shape: Shape) -> AnyArray:
    # Of buffers: given an array of numpy, Arrow imports pandas to ask whether it is one of its own.
    rows = int(found.rows[shape.number])
    return pa.Array.from_buffers(pa.int32(), rows, [None, buffer(found.carrier[shape.number, :rows])])


def _table(shape: Shape, rows: int, columns: Columns, same: Mapping[str, object]) -> pa.Table:
    return pa.table(
        [
            columns[told.name]
            if told.name in columns
            else pa.repeat(pa.scalar(same.get(told.name), told.type.arrow), rows)  # type: ignore[call-overload]
            for told in shape.table.columns
        ],
        schema=arrow_schema(shape.table),
    )
