"""Text that is safe to post: no chat finds a mention, a link or markup in a name, and nothing is endless.

Belongs here: how a name, or what somebody else said, becomes part of a message.
"""

from pipelines.text import printable

_LONGEST = 80  # characters of a name


def code(text: object, longest: int = _LONGEST) -> str:
    """Return a text as code of a chat's markup, cut where it is too long."""
    plain = printable(text)
    cut = plain if len(plain) <= longest else plain[: longest - 1] + "…"
    return f"`{cut.replace('`', chr(39)).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}`"
