"""The rows of one object that a scan found -> Arrow columns."""

import numpy as np
import pyarrow as pa

from pipelines.contract.columns import Type
from pipelines.landing.wire import parse
from pipelines.normalize.columnar.compiled import compiled
from pipelines.normalize.columnar.found import Found, Ints
from pipelines.normalize.columnar.scan import NULL
from pipelines.normalize.columnar.shapes import Shape
from pipelines.normalize.columnar.texts import AnyArray, buffer, texts_of
from pipelines.normalize.columnar.values import BACKSLASH, QUOTE
from pipelines.normalize.tolerant.coerce import json_text

_TEXTUAL = (Type.STRING, Type.JSON)


def columns_of(found: Found, shape: Shape) -> dict[str, AnyArray]:
    """Return the columns of an object's rows that the body has, by name."""
    kinds = {column.name: column.type for column in shape.table.columns}
    at, size = found.cells(shape)
    texts = texts_of(found.buf, at, size, np.array([s for name, s in shape.slots.items() if kinds[name] in _TEXTUAL]))
    valid = size != NULL
    counts = np.count_nonzero(valid, axis=0)
    bitmaps = np.ascontiguousarray(np.packbits(valid, axis=0, bitorder="little").T)
    columns = {}
    for name, slot in shape.slots.items():
        kind = kinds[name]
        bitmap = None if counts[slot] == len(at) else buffer(bitmaps[slot])
        if not counts[slot]:
            columns[name] = pa.nulls(len(at), kind.arrow)  # type: ignore[call-overload]
        elif kind not in _TEXTUAL:
            columns[name] = _column(kind, at[:, slot], bitmap)
        else:
            columns[name] = texts.column(slot, bitmap)
            if kind is Type.JSON and _has_blanks_or_escapes(found.buf, at[:, slot], size[:, slot]):
                columns[name] = _spelled_anew(columns[name])
    return columns


def _column(kind: Type, at: Ints, bitmap: pa.Buffer | None) -> AnyArray:
    if kind is Type.STRINGS:  # only empty ones fit
        offsets = buffer(np.zeros(len(at) + 1, np.int32))
        return pa.Array.from_buffers(kind.arrow, len(at), [bitmap, offsets], children=[pa.array([], pa.string())])
    values = np.packbits(at != 0, bitorder="little") if kind is Type.BOOLEAN else at.copy()
    return pa.Array.from_buffers(kind.arrow, len(at), [bitmap, buffer(values)])


def _spelled_anew(texts: AnyArray) -> AnyArray:
    """Return JSON as `json_text` spells it; most services send it so."""
    kinds = texts.dictionary_encode()
    spelled = [json_text(parse(str(text).encode())) for text in kinds.dictionary.to_pylist()]
    return pa.array(spelled, pa.string()).take(kinds.indices)


@compiled
def _has_blanks_or_escapes(buf, at, size):
    for i in range(len(size)):
        within = False
        for p in range(at[i], at[i] + size[i]):
            c = buf[p]
            if c == BACKSLASH or (not within and c <= 32):
                return True
            if c == QUOTE:
                within = not within
    return False
