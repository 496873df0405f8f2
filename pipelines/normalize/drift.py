"""What differed from the contract, counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Deviation(NamedTuple):
    """One way in which bodies differed from the contract."""

    table_name: str
    path: str
    kind: str  # unknown, coerced or refused
    found: str  # the JSON type


class Drift:
    """Counts deviations, and keeps the first record that had each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: Counter[Deviation] = Counter()
        self._examples: dict[Deviation, str] = {}

    def add(self, deviation: Deviation, example_id: str, occurrences: int = 1) -> None:
        """Count a deviation."""
        self._counts[deviation] += occurrences
        self._examples.setdefault(deviation, example_id)

    def update(self, counted: Iterable[tuple[Deviation, str, int]]) -> None:
        """Add what was counted elsewhere."""
        for deviation, example_id, occurrences in counted:
            self.add(deviation, example_id, occurrences)

    def __iter__(self) -> Iterator[tuple[Deviation, str, int]]:
        """Yield each deviation, its first record's id and how often it occurred."""
        return ((deviation, self._examples[deviation], count) for deviation, count in sorted(self._counts.items()))
