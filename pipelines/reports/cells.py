"""Cell values that a spreadsheet never runs as a formula.

Whoever names a backup chooses text that ends up in a cell.
"""

from pipelines.text import printable

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(value: object) -> object:
    """Return `value` for a cell: an apostrophe precedes a formula, control characters are spelled out."""
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if value.startswith(FORMULA_PREFIXES) else printable(value)
