"""Text that is safe to show on a terminal, in a page and in a log."""


def printable(value: object) -> str:
    """Return `value` as text with control and format characters escaped, so that no terminal obeys them."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))
