"""What leaves the normalizer, a piece at a time."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows as Arrow tables by name (the four, `rejects`), and the records landed in them by table."""

    tables: dict[str, pa.Table]
    records: Counter[str]
