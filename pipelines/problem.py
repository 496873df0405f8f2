"""The one exception that a person is meant to read.

Belongs here: `Problem`. Does not belong here: deciding what went wrong (each step says so where it knows
it) or printing (cli.py does). A Problem enters as one line and leaves as one line, exit code 1, no traceback.
"""


class Problem(Exception):  # noqa: N818 - it is a problem of the reader's world, not an error of the code
    """Something the reader can mend. `str()` is one line: what is wrong, then what to do."""

    def __init__(self, what: str, cure: str) -> None:
        """Keep both halves on one line; a message from elsewhere may bring its own line breaks."""
        self.what = " ".join(what.split()).rstrip(".")
        self.cure = " ".join(cure.split())
        super().__init__(f"{self.what}. {self.cure}")
