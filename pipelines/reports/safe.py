"""Text from the cloud -> text that no program obeys.

Belongs here: what a spreadsheet, a terminal or a reader would take for something else. The names of backups are
chosen by whoever makes them.
"""

from pipelines.text import printable

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes what begins so for something to work out


def cell(value: object) -> object:
    """Return a value for a cell: text that begins like a formula gets an apostrophe, what is hidden is spelled out."""
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if value.startswith(FORMULA) else printable(value)
