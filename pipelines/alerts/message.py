"""The text of alerts about changed results and failed runs.

Names and error messages come from clouds and services. They appear as inline code, shortened and escaped, so that a
chat client finds no mention, link or markup in them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from pipelines.alerts.changes import GOOD_OUTCOMES, ResultChange
from pipelines.text import printable

_MAX_NAMES = 6  # listed per change
_MAX_LINES, _MAX_CHARACTERS = 30, 3_500  # per message
_MAX_NAME_LENGTH, _MAX_ERROR_LENGTH = 80, 700  # characters


def change_messages(changes: Sequence[ResultChange], as_of: Mapping[str, datetime]) -> list[str]:
    """Return messages about `changes`, sorted worst first, for the snapshots at `as_of` (scope -> naive UTC).

    A message fits in a chat. Good news may be left out and is then counted; bad news never is.
    """
    good = sum(change.outcome in GOOD_OUTCOMES for change in changes)
    bad = len(changes) - good
    listed = changes[: bad + max(0, _MAX_LINES - bad)]
    lines = [_change_line(change, name_scope=len(as_of) > 1) for change in listed]
    if len(listed) < len(changes):
        lines.append(f"{len(changes) - len(listed)} more changes to pass or waived are not listed")
    changed_scopes = {change.scope for change in changes}
    snapshots = (f"{inline_code(scope)} as of {at:%Y-%m-%d %H:%M} UTC" for scope, at in as_of.items())
    heading = (
        f"*Backups of {', '.join(s for s, scope in zip(snapshots, as_of, strict=True) if scope in changed_scopes)}*"
    )
    messages: list[list[str]] = []
    for line in lines:
        full = messages and (
            len(messages[-1]) > _MAX_LINES or sum(map(len, messages[-1])) + len(line) > _MAX_CHARACTERS
        )
        if not messages or full:
            messages.append([heading])
        messages[-1].append(line)
    return ["\n".join(message) for message in messages]


def failure_message(job: str, run_id: str, error: str, hint: str, *, published: bool) -> str:
    """Return the message about a failed run. `published` says that it replaced the warehouse file all the same."""
    outcome = "published with errors" if published else "failed, the published data is unchanged"
    error, hint = (inline_code(text, _MAX_ERROR_LENGTH) for text in (error, hint))
    return f"*{job}* {outcome}: {error} {hint} (run {run_id})"


def unexplained_failure_message(job: str, run_id: str) -> str:
    """Return the message about a run that failed without an error message of this project."""
    return f"*{job}* failed without an error message. See run {run_id} in Dagster."


def inline_code(text: object, max_length: int = _MAX_NAME_LENGTH) -> str:
    """Return `text` as inline code of chat markup, shortened to `max_length` characters."""
    plain = printable(text)
    short = plain if len(plain) <= max_length else plain[: max_length - 1] + "…"
    return f"`{short.replace('`', chr(39)).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}`"


def _change_line(change: ResultChange, *, name_scope: bool) -> str:
    counts = Counter(change.names)
    names = ", ".join(
        inline_code(name) + (f" ({count})" if count > 1 else "") for name, count in list(counts.items())[:_MAX_NAMES]
    )
    more = f" and {len(counts) - _MAX_NAMES} more" if len(counts) > _MAX_NAMES else ""
    scope = f" in {inline_code(change.scope)}" if name_scope else ""
    return f"• {change.severity} *{change.control_id}* {change.outcome}{scope}: {names}{more}"
