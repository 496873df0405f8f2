"""The shapes of a body as arrays that compiled code walks."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.normalize.columnar.keys import CELLS, hashed
from pipelines.normalize.columnar.shapes import Shapes

SHAPES = Shapes()
_MOST_KEYS = 62  # each is a bit of what was seen of an object


class Plan(NamedTuple):
    """Keys and objects are numbers, and so is a slot: a column's place in its row."""

    spelled: NDArray[np.uint8]  # the keys, one behind the other
    lookup: NDArray[np.int16]  # object, cell -> key, or -1
    keys: NDArray[np.int32]  # key -> as keys.py names it
    shapes: NDArray[np.int32]  # object -> as keys.py names it


@cache
def plan() -> Plan:
    """Return the arrays, made once."""
    if too_many := [shape.table.name for shape in SHAPES.all if len(shape.keys) > _MOST_KEYS]:
        raise ValueError(f"{too_many[0]} has more keys in one object than a scan can tell apart")
    told = [(shape, name, key) for shape in SHAPES.all for name, key in shape.keys.items()]
    names = [name.encode() for _, name, _ in told]
    begins = np.cumsum([0, *map(len, names)])
    lookup = np.full((len(SHAPES.all), CELLS), -1, np.int16)
    keys = []
    for number, (shape, name, key) in enumerate(told):
        cell = hashed.py_func(names[number], 0, len(names[number]))  # type: ignore[attr-defined]
        while lookup[shape.number, cell] >= 0:
            cell = (cell + 1) % CELLS
        lookup[shape.number, cell] = number
        bit = list(shape.keys).index(name)
        keys.append((begins[number], len(names[number]), key.action, key.slot, key.into, bit))
    shapes = [(len(shape.slots), shape.identity) for shape in SHAPES.all]
    spelled = np.frombuffer(b"".join(names), np.uint8)
    return Plan(spelled, lookup, np.array(keys, np.int32), np.array(shapes, np.int32))


def bit_of(name: str) -> int:
    """Return the bit that `Found.seen` has for a key of a backup."""
    return 1 << list(SHAPES.backup.keys).index(name)
