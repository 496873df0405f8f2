"""Scalars in the bytes of a block: where they end and what they are.

Each function takes the block and the place of the first byte, and returns the place behind the value first,
0 where the value is not spelled as the contract has it. Lines end with a line break, which no value contains:
nothing is read past it.
"""

import numpy as np

from pipelines.normalize.columnar.compiled import compiled, inlined, u

QUOTE, BACKSLASH, MINUS, DOT, COLON, ZERO, NINE = 34, 92, 45, 46, 58, 48, 57
NULL_WORD = 0x6C6C756E
_MOST_DIGITS = 18  # always within 64 bits
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@inlined
def blank(buf, p):
    """Return the next place that is no blank."""
    while buf[u(p)] == 32 or buf[u(p)] == 9:
        p += 1
    return p


@inlined
def text(buf, p):
    """Return (end, bytes of the text; their complement where it has escapes to be undone)."""
    start = p + 1
    p = start
    while buf[u(p)] != QUOTE and buf[u(p)] != BACKSLASH and buf[u(p)] >= 32:
        p += 1
    if buf[u(p)] == QUOTE:
        return p + 1, p - start
    return _escaped(buf, p, p - start)


@compiled
def _escaped(buf, p, size):
    """Go on with a text at its first escape."""
    while buf[u(p)] != QUOTE:
        if buf[u(p)] < 32:
            return 0, 0
        if buf[u(p)] != BACKSLASH:
            p += 1
            size += 1
            continue
        code, p = escape(buf, p)
        if code < 0:
            return 0, 0
        size += width(code)
    return p + 1, ~size


@compiled
def escape(buf, p):
    """Return (code point, end) of the escape at `p`; -1 for what is none, or half of a surrogate pair."""
    c = buf[u(p + 1)]
    if c != 117:  # u
        return _short(c), p + 2
    high = _hex4(buf, p + 2)
    if high < 0xD800 or high > 0xDFFF:
        return high, p + 6
    if high > 0xDBFF or buf[u(p + 6)] != BACKSLASH or buf[u(p + 7)] != 117:
        return -1, p
    low = _hex4(buf, p + 8)
    if low < 0xDC00 or low > 0xDFFF:
        return -1, p
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), p + 12


@compiled
def _short(c):
    if c == QUOTE or c == BACKSLASH or c == 47:
        return np.int64(c)
    if c == 110:  # n
        return 10
    if c == 116:  # t
        return 9
    if c == 114:  # r
        return 13
    if c == 98:  # b
        return 8
    return 12 if c == 102 else -1  # f


@compiled
def _hex4(buf, p):
    code = 0
    for i in range(4):
        c = buf[u(p + i)]
        if ZERO <= c <= NINE:
            digit = c - ZERO
        elif 97 <= (c | 32) <= 102:
            digit = (c | 32) - 87
        else:
            return -1
        code = code * 16 + digit
    return code


@compiled
def width(code):
    """Return how many bytes of UTF-8 a code point takes."""
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


@compiled
def unescape(buf, p, out, q, size):
    """Write the `size` bytes of the text that begins at `p` to `out` at `q`, its escapes undone."""
    end = q + size
    while q < end:
        if buf[u(p)] != BACKSLASH:
            out[q] = buf[u(p)]
            p += 1
            q += 1
            continue
        code, p = escape(buf, p)
        n = width(code)
        if n == 1:
            out[q] = code
        else:
            out[q] = (0xF00 >> n) & 0xFF | code >> 6 * (n - 1)
            for i in range(1, n):
                out[q + i] = 0x80 | code >> 6 * (n - 1 - i) & 0x3F
        q += n


@compiled
def whole(buf, p):
    """Return (end, number) of an integer of at most 18 digits."""
    negative = buf[u(p)] == MINUS
    p += negative
    start, value = p, 0
    while ZERO <= buf[u(p)] <= NINE:
        value = value * 10 + (buf[u(p)] - ZERO)
        p += 1
        if p - start > _MOST_DIGITS:
            return 0, 0
    if p == start or (buf[u(start)] == ZERO and (negative or p - start > 1)):
        return 0, 0
    if buf[u(p)] == DOT or buf[u(p)] | 32 == 101:  # a fraction or an exponent
        return 0, 0
    return p, -value if negative else value


@inlined
def four(buf, p):
    """Return four bytes as a number, the first one lowest."""
    return buf[u(p)] | np.int64(buf[u(p + 1)]) << 8 | np.int64(buf[u(p + 2)]) << 16 | np.int64(buf[u(p + 3)]) << 24


@compiled
def _digits(buf, p, n):
    value = 0
    for i in range(n):
        c = buf[u(p + i)]
        if c < ZERO or c > NINE:
            return -1
        value = value * 10 + (c - ZERO)
    return value


@compiled
def instant(buf, p):
    """Return (end, microseconds since 1970 in UTC) of a quoted instant with its seconds, naive or with a zone."""
    p += 1
    if not (buf[u(p + 4)] == MINUS and buf[u(p + 7)] == MINUS and (buf[u(p + 10)] == 84 or buf[u(p + 10)] == 32)):
        return 0, 0
    if buf[u(p + 13)] != COLON or buf[u(p + 16)] != COLON:
        return 0, 0
    days = _days(_digits(buf, p, 4), _digits(buf, p + 5, 2), _digits(buf, p + 8, 2))
    hour, minute, second = _digits(buf, p + 11, 2), _digits(buf, p + 14, 2), _digits(buf, p + 17, 2)
    if days < 0 or not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return 0, 0
    p, fraction = _fraction(buf, p + 19)
    p, offset = _zone(buf, p)
    if p == 0 or buf[u(p)] != QUOTE:
        return 0, 0
    return p + 1, ((days * 24 + hour) * 60 + minute - offset) * 60_000_000 + second * 1_000_000 + fraction


@compiled
def _days(year, month, day):
    """Return the days from 1970 to a date of the years 1970 to 2199, -1 where there is no such date."""
    if not (1970 <= year < 2200 and 1 <= month <= 12 and day >= 1):
        return -1
    leap = year % 4 == 0 and (year % 100 != 0 or year == 2000)
    if day > _DAYS[month - 1] + (leap and month == 2):
        return -1
    before = year - 1
    days = (year - 1970) * 365 + before // 4 - 492 - (before // 100 - 19) + (before >= 2000)
    for m in range(month - 1):
        days += _DAYS[m]
    return days + day - 1 + (leap and month > 2)


@compiled
def _fraction(buf, p):
    if buf[u(p)] != DOT:
        return p, 0
    start, value = p + 1, 0
    p += 1
    while ZERO <= buf[u(p)] <= NINE and p - start < 6:
        value = value * 10 + (buf[u(p)] - ZERO)
        p += 1
    if p == start:
        return 0, 0
    for _ in range(6 - (p - start)):
        value *= 10
    return p, value


@compiled
def _zone(buf, p):
    """Return (end, minutes east of UTC)."""
    if p == 0 or buf[u(p)] == QUOTE:
        return p, 0
    if buf[u(p)] == 90:  # Z
        return p + 1, 0
    if (buf[u(p)] != 43 and buf[u(p)] != MINUS) or buf[u(p + 3)] != COLON:
        return 0, 0
    hours, minutes = _digits(buf, p + 1, 2), _digits(buf, p + 4, 2)
    if not (0 <= hours < 15 and 0 <= minutes < 60):
        return 0, 0
    east = hours * 60 + minutes
    return p + 6, -east if buf[u(p)] == MINUS else east
