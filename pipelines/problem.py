"""The one exception that a person is meant to read, and text that is safe to show.

Belongs here: `Problem` and `shown`. Does not belong here: deciding what went wrong (each step says so where it
knows it) or printing (cli/ does). A Problem enters as one line and leaves as one line, exit code 1, no
traceback.
"""


def shown(value: object) -> str:
    """Return `value` as text with every character that a terminal would obey, or hide, spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))


class Problem(Exception):  # noqa: N818 - it is a problem of the reader's world, not an error of the code
    """Something the reader can mend. `str()` is one line: what is wrong, then what to do."""

    def __init__(self, what: str, cure: str, *, may_pass: bool = False) -> None:
        """Keep both halves on one line; what others said may bring line breaks and worse.

        `may_pass` says that it may heal without anybody doing something: trying again later makes sense.
        """
        self.may_pass = may_pass
        self.what = shown(" ".join(what.split())).rstrip(".")
        self.cure = shown(" ".join(cure.split()))
        super().__init__(f"{self.what}. {self.cure}")
