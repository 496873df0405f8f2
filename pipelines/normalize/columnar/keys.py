"""Which key of an object some bytes spell: a small hash table for each object, compared byte by byte."""

from pipelines.normalize.columnar.compiled import inlined, u

CELLS = 128  # a power of two, and more than twice the keys of any object
BEGIN, LENGTH, ACTION, SLOT, INTO, BIT = range(6)  # what is known of a key; INTO: the object that its value is or holds
WIDTH, IDENTITY = range(2)  # what is known of an object: how many slots a row has, and which is its id's, or -1


@inlined
def hashed(buf, p, n):
    """Return the cell in which the search for the key of `n` bytes at `p` begins."""
    return (n * 37 + buf[u(p)] * 5 + buf[u(p + n - 1)] * 11 + buf[u(p + n // 2)] * 3) & (CELLS - 1)


@inlined
def key_of(buf, p, n, shape, spelled, lookup, keys):
    """Return the number of the key of `n` bytes at `p`, -1 where `shape` has none such."""
    if n == 0:
        return -1
    cell = hashed(buf, p, n)
    while True:
        key = lookup[shape, cell]
        if key < 0:
            return -1
        if keys[key, LENGTH] == n:
            i, q = 0, keys[key, BEGIN]
            while i < n and buf[u(p + i)] == spelled[u(q + i)]:
                i += 1
            if i == n:
                return key
        cell = (cell + 1) & (CELLS - 1)
