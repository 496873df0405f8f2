"""Where the items of a list page begin and end."""

from pipelines.normalize.columnar.compiled import compiled, u
from pipelines.normalize.columnar.values import NULL_WORD, QUOTE, blank, four, text, whole

_ITEMS = tuple(b"backups")


@compiled
def items_of(buf, p, begins, ends, count):
    """Note where the backups of the page at `p` stand, from `count` on; return how many are noted then.

    Return -1 for a page of another shape, and -2 where there is no room for all.
    """
    listed = False
    p = blank(buf, p)
    if buf[u(p)] != 123:
        return -1
    while True:
        p = blank(buf, p + 1)
        if buf[u(p)] != QUOTE:
            return -1
        end, n = text(buf, p)
        if end == 0 or n < 0:  # an escape may spell any key
            return -1
        named = _spells_items(buf, p + 1, end - 1)
        p = blank(buf, end)
        if buf[u(p)] != 58:
            return -1
        p = blank(buf, p + 1)
        if named:
            if listed or buf[u(p)] != 91:
                return -1
            listed = True
            p = blank(buf, p + 1)
            while buf[u(p)] != 93:
                end = _object_end(buf, p)
                if end == 0:
                    return -1
                if count == len(begins):
                    return -2
                begins[count], ends[count] = p, end
                count += 1
                p = blank(buf, end)
                if buf[u(p)] == 44:
                    p = blank(buf, p + 1)
                    if buf[u(p)] != 123:
                        return -1
                elif buf[u(p)] != 93:
                    return -1
            p += 1
        else:
            p = _scalar(buf, p)
            if p == 0:
                return -1
        p = blank(buf, p)
        if buf[u(p)] == 125:
            return count if buf[u(blank(buf, p + 1))] == 10 else -1
        if buf[u(p)] != 44:
            return -1


@compiled
def _spells_items(buf, p, end):
    if end - p != len(_ITEMS):
        return False
    for i in range(len(_ITEMS)):
        if buf[u(p + i)] != _ITEMS[i]:
            return False
    return True


@compiled
def _object_end(buf, p):
    """Return the place behind the object at `p`, 0 where there is none: its braces, not what is in them."""
    if buf[u(p)] != 123:
        return 0
    depth = 0
    while True:
        c = buf[u(p)]
        if c == QUOTE:
            p, _ = text(buf, p)
            if p == 0:
                return 0
            continue
        if c < 32 and c != 9:
            return 0
        p += 1
        if c == 123:
            depth += 1
        elif c == 125:
            depth -= 1
            if depth == 0:
                return p


@compiled
def _scalar(buf, p):
    """Return the place behind a text, a whole number or null: what stands beside the backups."""
    if buf[u(p)] == QUOTE:
        end, _ = text(buf, p)
    elif four(buf, p) == NULL_WORD:
        end = p + 4
    else:
        end, _ = whole(buf, p)
    return end
