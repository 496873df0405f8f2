"""One pass over the bytes of a block: where each value stands, or that its line does not fit.

Belongs here: the grammar. Does not belong here: scalars (values.py), or what becomes of the places found
(tables.py). A block and the plan enter; the arrays of `Found` are filled, and a line that does not fit leaves
nothing in them. Nothing is read past a line break, which no value contains.
"""

from pipelines.normalize.columnar.compiled import compiled, inlined, u
from pipelines.normalize.columnar.keys import ACTION, BIT, IDENTITY, INTO, SLOT, WIDTH, key_of
from pipelines.normalize.columnar.shapes import EMPTY_LIST, FLAG, INLINE, INSTANT, ROWS, TEXT, WHOLE
from pipelines.normalize.columnar.values import NULL_WORD, QUOTE, blank, four, instant, text, whole

NULL = -(2**31)  # the size of a value that is not there
_MANY = 4_096  # rows in a line that are still compared one with each other
DEPTH = 8  # more than the objects that any plan opens at once
_OPEN, _CLOSE, _LIST, _END, _COMMA, _COLON, _LINE_BREAK = 123, 125, 91, 93, 44, 58, 10
_TRUE, _FALS = 0x65757274, 0x736C6166  # four letters each, as values.four has them
_ENVELOPE = tuple(b'"backup"')
_BEGUN, _NEXT, _AFTER = range(3)  # within an object: nothing read yet, behind a comma, behind a value
_SHAPE, _ROW, _CELL, _SEEN, _KEY = range(5)  # what is known of each open object
FIELDS = 5


@compiled
def scan_lines(
    buf, barred, spelled, lookup, keys, shapes, at, size, carrier, rows, bases, room, begins, ends, seen, stack, before
):
    """Scan lines that each hold an object with a backup in it: what ShowBackup answers.

    A line stands at `begins` to `ends`; `seen` gets the keys of its backup as bits, 0 where it does not fit.
    Return how many lines were scanned: fewer than all where there is no room for more rows.
    """
    p = 0
    for line in range(len(begins)):
        _copy(rows, before)
        begins[line] = p
        end = 0
        if not barred[line]:
            end = _within(buf, p)
            if end:
                end = _object(buf, end, 0, spelled, lookup, keys, shapes, at, size, carrier, rows, bases, room, stack)
            if end:
                end = blank(buf, end)
                end = blank(buf, end + 1) if buf[u(end)] == _CLOSE else 0
        fits = end > 0 and buf[u(end)] == _LINE_BREAK and _distinct(buf, shapes, at, size, rows, bases, before)
        if not fits:
            if _full(rows, room):
                return line
            _copy(before, rows)
            end = p
            while buf[u(end)] != _LINE_BREAK:
                end += 1
        seen[line] = stack[0, _SEEN] if fits else 0
        ends[line] = end
        p = end + 1
    return len(begins)


@compiled
def scan_items(
    buf, spelled, lookup, keys, shapes, at, size, carrier, rows, bases, room, begins, ends, seen, stack, before
):
    """Scan the backups that stand at `begins` to `ends`: items of list pages. Else as scan_lines."""
    for item in range(len(begins)):
        _copy(rows, before)
        end = _object(buf, begins[item], 0, spelled, lookup, keys, shapes, at, size, carrier, rows, bases, room, stack)
        fits = end == ends[item] and _distinct(buf, shapes, at, size, rows, bases, before)
        if not fits:
            if _full(rows, room):
                return item
            _copy(before, rows)
        seen[item] = stack[0, _SEEN] if fits else 0
    return len(begins)


@compiled
def _within(buf, p):
    """Return where the value of the key `backup` begins, of the object at `p`; 0 where there is no such thing."""
    p = blank(buf, p)
    if buf[u(p)] != _OPEN:
        return 0
    p = blank(buf, p + 1)
    for i in range(len(_ENVELOPE)):
        if buf[u(p + i)] != _ENVELOPE[i]:
            return 0
    p = blank(buf, p + len(_ENVELOPE))
    return blank(buf, p + 1) if buf[u(p)] == _COLON else 0


@compiled
def _object(buf, p, top, spelled, lookup, keys, shapes, at, size, carrier, rows, bases, room, stack):
    """Read the object at `p` and all below it; return the place behind it, 0 where it does not fit."""
    if buf[u(p)] != _OPEN or not _row(top, -1, 0, shapes, size, carrier, rows, bases, room, stack, 0):
        return 0
    depth, state = 0, _BEGUN
    p += 1
    while True:
        p = blank(buf, p)
        c = buf[u(p)]
        if c == QUOTE and state != _AFTER:
            end, n = text(buf, p)
            if end == 0 or n < 0:
                return 0
            key = key_of(buf, p + 1, n, stack[depth, _SHAPE], spelled, lookup, keys)
            if key < 0 or stack[depth, _SEEN] >> keys[key, BIT] & 1:
                return 0
            stack[depth, _SEEN] |= 1 << keys[key, BIT]
            p = blank(buf, end)
            if buf[u(p)] != _COLON:
                return 0
            p = blank(buf, p + 1)
            action = keys[key, ACTION]
            state = _AFTER
            if four(buf, p) == NULL_WORD:
                if depth == 0 and action == ROWS:
                    return 0  # a list that is not sent is not an empty one
                p += 4
            elif action < INLINE:
                p = _leaf(buf, p, action, stack[depth, _CELL], keys[key, SLOT], at, size)
                if p == 0:
                    return 0
            else:
                if action == ROWS:
                    if buf[u(p)] != _LIST:
                        return 0
                    p = blank(buf, p + 1)
                    if buf[u(p)] == _END:
                        p += 1
                        continue
                if buf[u(p)] != _OPEN or not _enter(
                    p, key, keys, shapes, at, size, carrier, rows, bases, room, stack, depth
                ):
                    return 0
                depth += 1
                p += 1
                state = _BEGUN
        elif c == _COMMA and state == _AFTER:
            p += 1
            state = _NEXT
        elif c == _CLOSE and state != _NEXT:
            p += 1
            if not _leave(p, keys, shapes, at, size, stack, depth):
                return 0
            if depth == 0:
                return p
            key = stack[depth, _KEY]
            state = _AFTER
            if keys[key, ACTION] != ROWS:
                depth -= 1
                continue
            p = blank(buf, p)
            if buf[u(p)] == _END:
                p += 1
                depth -= 1
                continue
            if buf[u(p)] != _COMMA:
                return 0
            p = blank(buf, p + 1)
            if buf[u(p)] != _OPEN or not _enter(
                p, key, keys, shapes, at, size, carrier, rows, bases, room, stack, depth - 1
            ):
                return 0
            p += 1
            state = _BEGUN
        else:
            return 0


@inlined
def _leaf(buf, p, action, cell, slot, at, size):
    """Read a value that is no object; return the place behind it, 0 where it does not fit."""
    value, n, end = p + 1, 0, 0
    if action == TEXT:
        if buf[u(p)] == QUOTE:
            end, n = text(buf, p)
    elif action == INSTANT:
        if buf[u(p)] == QUOTE:
            end, value = instant(buf, p)
    elif action == WHOLE:
        end, value = whole(buf, p)
    elif action == FLAG:
        letters = four(buf, p)
        if letters == _TRUE:
            end, value = p + 4, 1
        elif letters == _FALS and buf[u(p + 4)] == 101:
            end, value = p + 5, 0
    elif action == EMPTY_LIST and buf[u(p)] == _LIST:
        q = blank(buf, p + 1)
        if buf[u(q)] == _END:
            end = q + 1
    if end and slot >= 0:
        at[u(cell + slot)] = value
        size[u(cell + slot)] = n
    return end


@inlined
def _enter(p, key, keys, shapes, at, size, carrier, rows, bases, room, stack, depth):
    """Enter the object at `p`, which stands below the one at `depth`; tell whether there is room for it."""
    row, cell, shape = stack[depth, _ROW], stack[depth, _CELL], keys[key, INTO]
    if keys[key, ACTION] != INLINE:
        return _row(shape, key, row, shapes, size, carrier, rows, bases, room, stack, depth + 1)
    stack[depth + 1, _SHAPE] = shape
    stack[depth + 1, _ROW] = row
    stack[depth + 1, _CELL] = cell
    stack[depth + 1, _SEEN] = 0
    stack[depth + 1, _KEY] = key
    if keys[key, SLOT] >= 0:
        at[cell + keys[key, SLOT]] = p
    return True


@compiled
def _row(shape, key, above, shapes, size, carrier, rows, bases, room, stack, depth):
    """Begin a row of `shape`, all null; tell whether there is room for it."""
    row = rows[shape]
    if row >= room:
        return False
    rows[shape] = row + 1
    carrier[shape, row] = above
    width = shapes[shape, WIDTH]
    cell = bases[shape] + row * width
    for slot in range(width):
        size[u(cell + slot)] = NULL
    stack[depth, _SHAPE] = shape
    stack[depth, _ROW] = row
    stack[depth, _CELL] = cell
    stack[depth, _SEEN] = 0
    stack[depth, _KEY] = key
    return True


@inlined
def _leave(p, keys, shapes, at, size, stack, depth):
    """End an object, which lasted to `p`; tell whether it has what it must have."""
    shape, cell, key = stack[depth, _SHAPE], stack[depth, _CELL], stack[depth, _KEY]
    if key >= 0 and keys[key, ACTION] == INLINE:
        if keys[key, SLOT] >= 0:
            cell += keys[key, SLOT]
            size[u(cell)] = p - at[u(cell)]
        return True
    identity = shapes[shape, IDENTITY]
    return identity < 0 or size[u(cell + identity)] > 0


@compiled
def _distinct(buf, shapes, at, size, rows, bases, before):
    """Tell whether the rows that a line added have ids of their own."""
    for shape in range(len(before)):
        identity, width = shapes[shape, IDENTITY], shapes[shape, WIDTH]
        if identity < 0:
            continue
        if rows[shape] - before[shape] > _MANY:
            return False
        for row in range(before[shape] + 1, rows[shape]):
            a = bases[shape] + row * width + identity
            for other in range(before[shape], row):
                b = bases[shape] + other * width + identity
                if _same(buf, at[u(a)], size[u(a)], at[u(b)], size[u(b)]):
                    return False
    return True


@compiled
def _same(buf, p, n, q, m):
    if n != m:
        return False
    for i in range(n):
        if buf[u(p + i)] != buf[u(q + i)]:
            return False
    return True


@compiled
def _copy(source, target):
    for i in range(len(source)):
        target[i] = source[i]


@compiled
def _full(rows, room):
    for i in range(len(rows)):
        if rows[i] >= room:
            return True
    return False
