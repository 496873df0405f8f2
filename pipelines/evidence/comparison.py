"""Compare recomputed results with those that were published or recorded, before they become evidence."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import EvidenceError
from pipelines.evidence.results import count_results, hash_results, read_published_results
from pipelines.evidence.snapshot_home import recorded_counts
from pipelines.landing.manifest import Snapshot
from pipelines.storage.home import Home

_HINT = "Use the rules, input files and version of cbr-warehouse of that time, or run 'cbr-warehouse build'."


def compare_with_published(home: Home, results: pa.Table) -> str:
    """Compare with the published file of `home`, and return its name for the manifest.

    Raise EvidenceError if `results` differ.
    """
    if hash_results(results) != hash_results(read_published_results(home.warehouse)):
        raise EvidenceError("recomputed results differ from the published file", _HINT)
    return "the published file"


def compare_with_recorded(home: Home, results: pa.Table, snapshot: Snapshot, current: list[Snapshot]) -> str:
    """Compare with the counts that the result history has of the `current` snapshots, and return what was compared.

    Raise EvidenceError if `results` differ.
    """
    compared = []
    for other in current:
        counts = recorded_counts(home, other, snapshot)
        if counts is None:
            continue
        if counts != count_results(results.filter(pc.field("scope") == other.scope)):
            raise EvidenceError(f"recomputed results of {other.scope!r} differ from the recorded counts", _HINT)
        compared.append(other.scope)
    return f"recorded counts of {', '.join(sorted(compared))}" if compared else "nothing: no counts are recorded"
