"""Tests that share a home: what they land is folded once and judged once, whatever their number.

A test says what it lands with `@lands`, and asks its own rows of the fixture `results`. Tests that read at the same
moments share snapshots, in which the ids of each are its own; others have scopes of their own in the same home.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pytest

from pipelines.policy.resolve import Rules
from pipelines.storage.home import Home
from tests.given import Body, Landed, ask, fold

Test = Callable[..., None]
Row = dict[str, Any]
_IDS = ("id", "resource_id", "vault_id", "parent_id", "source_backup_id", "destination_backup_id")
_PROJECTS = ("project_id", "source_project_id", "destination_project_id")


def lands(
    *given: Landed | Callable[..., Iterable[Landed]], alone: bool | Callable[..., bool] = False
) -> Callable[[Test], Test]:
    """Name the snapshots of a test, or the function that makes them of the test's parameters of the same names.

    With `alone`, no other test shares its scopes: for numbers of a whole scope. A scope is stale if another one of the
    module was read much later; a test of staleness needs a home of its own.
    """

    def name(test: Test) -> Test:
        test.lands = (given, alone)  # type: ignore[attr-defined]
        return test

    return name


@dataclass(frozen=True)
class Case:
    """What one test lands, under names that no other test in the home has."""

    prefix: str  # of each id
    suffix: str  # of each scope and project
    alone: bool
    given: tuple[Landed, ...]

    def named(self) -> Iterator[Landed]:
        """The snapshots under these names."""
        for landed in self.given:
            yield replace(
                landed,
                shown=[self._named(body) for body in landed.shown],
                listed=[self._named(body) for body in landed.listed],
                scope=landed.scope + self.suffix,
                project=landed.project + self.suffix,
                vanished=tuple(self.prefix + name for name in landed.vanished),
            )

    def own(self, rows: Iterable[Row]) -> list[Row]:
        """Those of the rows that are about this case, under the names that the test knows."""
        scopes = {landed.scope + self.suffix for landed in self.given}
        return [
            {column: self._plain(value) for column, value in row.items()}
            for row in rows
            if row["scope"] in scopes and (self.alone or any(self.prefix in str(value) for value in row.values()))
        ]

    def _named(self, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        more: Body = {key: self.prefix + body[key] for key in _IDS if _is_name(body.get(key))}
        more |= {key: body[key] + self.suffix for key in _PROJECTS if _is_name(body.get(key))}
        for key in ("children", "replication_records"):
            if isinstance(body.get(key), list):
                more[key] = [self._named(part) for part in body[key]]
        return body | more

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        return value.replace(self.prefix, "").removesuffix(self.suffix) if isinstance(value, str) else value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


class Shared:
    """A home in which the cases of several tests are landed, and the relations that were asked of it so far."""

    def __init__(self, home: Home, tests: Iterable[pytest.Item]) -> None:
        self._home = home
        self._relations: dict[tuple[str, int], list[Row]] = {}
        self.cases: dict[str, Case] = {}
        groups: dict[Any, list[Case]] = {}
        for number, test in enumerate(tests):
            given, alone = _given(test)
            moments = (number if alone else None, *map(_moment, given))
            group = groups.setdefault(moments, [])
            case = Case(f"case{number}-", f"-group{list(groups).index(moments)}", alone, given)
            group.append(case)
            self.cases[test.nodeid] = case
        fold(home, *(landed for group in groups.values() for landed in _merged(group)))

    def relation(self, name: str, rules: Rules) -> list[Row]:
        """All rows of a relation, under the rules."""
        key = (name, id(rules))
        if key not in self._relations:
            self._relations[key] = ask(self._home, f"SELECT * FROM {name}", rules=rules)
        return self._relations[key]


def _given(test: pytest.Item) -> tuple[tuple[Landed, ...], bool]:
    given, alone = test.function.lands  # type: ignore[attr-defined]
    parameters = test.callspec.params if hasattr(test, "callspec") else {}

    def called(function: Callable[..., Any]) -> Any:
        return function(**{name: parameters[name] for name in inspect.signature(function).parameters})

    landed = [[each] if isinstance(each, Landed) else called(each) for each in given]
    return tuple(chain.from_iterable(landed)), called(alone) if callable(alone) else alone


def _moment(landed: Landed) -> tuple[Any, ...]:
    """What snapshots must have in common to be one."""
    assert not landed.inputs, "inputs are of a whole scope, and their ids stay as they are: use a home of its own"
    return landed.scope, landed.as_of, landed.project, landed.region, landed.complete


def _merged(group: list[Case]) -> Iterator[Landed]:
    for snapshots in zip(*(case.named() for case in group), strict=True):
        yield replace(
            snapshots[0],
            shown=[body for snapshot in snapshots for body in snapshot.shown],
            listed=[body for snapshot in snapshots for body in snapshot.listed],
            vanished=tuple(name for snapshot in snapshots for name in snapshot.vanished),
        )


DEFAULT = Rules()


class Results:
    """What the models make of the snapshots of one test."""

    def __init__(self, shared: Shared, case: Case) -> None:
        self._shared, self._case = shared, case

    def rows(self, relation: str, *columns: str, rules: Rules = DEFAULT) -> list[Any]:
        """The rows of a relation that are about this test, in the order of the columns named, as tuples of these.

        Without columns, rows are dictionaries, in no order.
        """
        rows = self._case.own(self._shared.relation(relation, rules))
        if not columns:
            return rows
        return sorted((tuple(row[column] for column in columns) for row in rows), key=_nulls_last)

    def of(self, control: str, *, scope: str | None = None, rules: Rules = DEFAULT) -> dict[str, tuple[str, str]]:
        """What a control says: subject -> (status, reason code)."""
        return {
            row["subject_id"]: (row["status"], row["reason_code"])
            for row in self.rows("controls.findings", rules=rules)
            if row["control_id"] == control and scope in (None, row["scope"])
        }

    def __getitem__(self, key: tuple[str, str]) -> tuple[str, str]:
        control, subject = key
        return self.of(control)[subject]

    def __contains__(self, key: tuple[str, str]) -> bool:
        control, subject = key
        return subject in self.of(control)


def _nulls_last(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((True,) if value is None else (False, value) for value in row)


@pytest.fixture(scope="module")
def shared_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The home of the tests of a module that are to run and say what they land."""
    tests = [
        test
        for test in request.session.items
        if getattr(test, "module", None) is request.module and hasattr(getattr(test, "function", None), "lands")
    ]
    return Shared(Home(tmp_path_factory.mktemp("shared") / "home"), tests)


@pytest.fixture
def results(request: pytest.FixtureRequest, shared_home: Shared) -> Results:
    """What the models make of the snapshots that this test lands."""
    return Results(shared_home, shared_home.cases[request.node.nodeid])
