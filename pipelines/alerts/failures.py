"""What is told of a run that failed.

Belongs here: the words. What went wrong enters, as the run said it; one text leaves. What services and clouds said is
part of it, so it is shown as code and cut where it is long.
"""

from pipelines.alerts.words import code

_LONGEST = 700  # characters


def failure_text(job: str, run_id: str, what: str, cure: str, *, published: bool) -> str:
    """Return the text about a run whose failure says what was wrong and what to do."""
    stood = "published, but not all of it is as it should be" if published else "failed; what was published stays"
    return f"*{job}* {stood}: {code(what, _LONGEST)} {code(cure, _LONGEST)} (run {run_id})"


def unknown_failure_text(job: str, run_id: str) -> str:
    """Return the text about a run that failed without saying why, so that Dagster has to be asked."""
    return f"*{job}* failed without one line that says why: see run {run_id} in Dagster."
