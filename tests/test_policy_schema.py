"""The JSON Schemas and the check agree: whatever a valid file is changed to, both take it or both refuse it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped, unused-ignore]

from pipelines.policy.check import check_policy, check_waivers
from pipelines.policy.document import Problem
from pipelines.policy.parameters import Settings, Tier
from pipelines.policy.schema import json_schema
from tests.test_policy import CONTROLS, POLICY, WAIVER

Path = tuple[str | int, ...]

_POLICY = yaml.safe_load(POLICY)
_POLICY["tiers"] = {"critical": {"min_points": 3}, "dev": {}, "standard": Tier().model_dump(exclude_none=True)}
_POLICY["settings"] = Settings().model_dump()
_PROJECT_WIDE = WAIVER | {"id": "WVR-2", "match": {"project_id": "p"}, "scope_approver": "board", "scope": "prod"}
_TWO = {"control_id": "retention-shortened", "second_approver": "cfo", "backup_ids": ["b"], "max_measured_value": 3}
FILES: dict[str, Any] = {
    "policy": _POLICY,
    "waivers": {"version": 1, "waivers": [WAIVER, _PROJECT_WIDE, WAIVER | {"id": "WVR-3"} | _TWO]},
}
VALUES: tuple[Any, ...] = (
    *(None, "", " ", "x", "24", 0, 1, -1, 2, 99, 101, 4.0, 1.5, True, False, [], {}, [""], ["x"], [1], {"x": 1}),
    *(10**6, 10**20, -(10**20), 1e300, "2026-01-01", "2026-02-30", "20260101", "2026-1-1", "1899-12-31", "3000-01-01"),
    *(date(2026, 1, 1), date(1, 1, 1), date(9999, 12, 31), datetime(2026, 1, 1, 12)),
)
# What the check refuses and JSON Schema has no words for, and why.
ONLY_CHECKED = {
    "is not a time zone": "the zones are those of the machine",
    "is not one of the tiers": "a value that has to be a key elsewhere",
    "is already used by another rule": "unique by one of several keys",
    "is used twice": "unique by one of several keys",
    "have the same priority and both match": "two rules compared",
    "there is no control": "the controls are those of the models",
    "owner and approver must be two people": "two values compared",
    "it expires before it was created": "two values compared",
    "it lasts longer than": "two values compared",
    "needs a second_approver": "depends on the control",
    "needs the exact backup_ids": "depends on the control",
    "takes no second_approver": "depends on the control",
}


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in steps:
        yield from _paths(below, (*path, key))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _mutations(whole: Any) -> Iterator[tuple[str, Any]]:
    """Yield each way to take away, replace or add one thing."""
    for path in _paths(whole):
        for value in (..., *VALUES):
            if isinstance(value, date) and not isinstance(_at(whole, path), date):
                continue  # JSON has no dates: it sees a name where YAML has a date in the place of one
            mutant = deepcopy(whole)
            if not path:
                if value is not ...:
                    yield f"the file: {value!r}", value
                continue
            at = _at(mutant, path[:-1])
            if value is ...:
                del at[path[-1]]
            else:
                at[path[-1]] = value
            yield f"{path}: {value!r}", mutant
        mutant = deepcopy(whole)
        at = _at(mutant, path)
        if isinstance(at, dict):
            at["unheard_of"] = 1
            yield f"{path}: a key more", mutant


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_as_json(below) for below in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("kind", FILES)
def test_schema_and_check_refuse_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yaml.SafeLoader", yaml.CSafeLoader)  # reads the same, several times as fast
    is_valid = Draft202012Validator(json_schema(kind), format_checker=FormatChecker()).is_valid
    differences = []
    for name, mutant in [("unchanged", FILES[kind]), *_mutations(FILES[kind])]:
        problems = _problems(kind, mutant)
        is_refused = any(not any(words in problem.message for words in ONLY_CHECKED) for problem in problems)
        if is_valid(_as_json(mutant)) == is_refused:
            differences.append(f"{name}: {problems or 'accepted by the check'}")
    assert not differences


def _problems(kind: str, value: Any) -> list[Problem]:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper)
    return (check_policy(text) if kind == "policy" else check_waivers(text, CONTROLS))[1]
