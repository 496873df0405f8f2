"""An entry of clouds.yaml without a project is every project that its user may use."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from keystoneauth1.session import Session

from pipelines import clock
from pipelines.cli import main
from pipelines.config import Settings
from pipelines.errors import WarehouseError
from pipelines.extract.login import open_scope
from pipelines.extract.scope_result import ScopeResult
from pipelines.extract.scopes import land_scopes
from pipelines.flow.land import stale_scopes_error
from pipelines.landing.attempts import ATTEMPT, read_attempts
from pipelines.landing.manifest import read_snapshots
from pipelines.orchestration.metadata import landing_metadata, scope_tags
from pipelines.orchestration.retries import due_retries
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.iam import CLOSED, DISABLED, DOMAIN, EMPTY, PROJECTS, REFUSED, REGION
from pipelines.sandbox.responses import FORBIDDEN, Response, html, iam_error
from pipelines.storage.connection import read_published
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml, elsewhere
from tests.given import server

OPEN_SCOPES, REFUSED_SCOPES = [f"prod/{REGION}", f"prod/{EMPTY}"], [f"prod/{REFUSED}", f"prod/{CLOSED}"]
LIST_PATH = "/v3/auth/projects"

Change = Callable[[str, Response], Response]


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with serve([server("a")]) as served:
        yield served


@pytest.fixture
def read(
    home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, ScopeResult]]:
    """Read clouds of clouds.yaml, by default `prod`, which names no project."""
    home.prepare()
    monkeypatch.setattr("pipelines.extract.scopes.CHECK_SECONDS", 0.05)

    def read(names: str = "prod", retry_seconds: float = 0.05, **entries: Any) -> dict[str, ScopeResult]:
        entries = {"prod": service.cloud(None)} | entries
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, **entries)))
        environ = {"CBR_CLOUDS": names, "CBR_RETRY_SECONDS": str(retry_seconds), "CBR_REQUESTS_PER_SECOND": "1000"}
        results = land_scopes(home, Settings.load(str(home.path), environ), lambda *_: None)
        return {result.scope: result for result in results}

    return read


@pytest.fixture
def change(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Change the responses of the service from now on: by the path and the response that it would send."""
    plain = service.respond

    def change(change: Change) -> None:
        monkeypatch.setattr(service, "respond", lambda method, path, *more: change(path, plain(method, path, *more)))

    return change


def problem_of(result: ScopeResult) -> str:
    assert result.snapshot is None
    return str(result.problem)


def landed(results: dict[str, ScopeResult]) -> list[str]:
    return [scope for scope, result in results.items() if result.snapshot]


def relist(names: list[str]) -> Change:
    """Return the change that lets IAM list those projects alone."""

    def change(path: str, response: Response) -> Response:
        if not path.startswith(LIST_PATH):
            return response
        projects = [project for project in response.body["projects"] if project["name"] in names]
        return Response(200, response.body | {"projects": projects})

    return change


def red(home: Home, *clouds: str) -> str:
    """Return why the run is red after it published."""
    return str(stale_scopes_error(home, clouds or ("prod",)) or "")


def query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with read_published(home.warehouse) as connection:
        return connection.execute(sql).fetchall()


def test_every_enabled_project_is_a_scope_and_what_is_refused_is_not_granted(read: Any, home: Home) -> None:
    results = read()
    assert sorted(results) == sorted(OPEN_SCOPES + REFUSED_SCOPES)
    assert f"prod/{DISABLED}" not in results
    assert sorted(landed(results)) == sorted(OPEN_SCOPES)
    assert {s.scope: (s.project_id, s.region, s.listed) for s in read_snapshots(home)} == {
        f"prod/{REGION}": (PROJECTS[REGION], REGION, 1),
        f"prod/{EMPTY}": (PROJECTS[EMPTY], REGION, 0),
    }
    assert [scope for scope, result in results.items() if not result.is_granted] == REFUSED_SCOPES
    assert f"no token for project '{REFUSED}' of cloud 'prod/{REFUSED}'" in problem_of(results[f"prod/{REFUSED}"])
    assert "may not read its backups" in problem_of(results[f"prod/{CLOSED}"])
    assert red(home) == ""
    assert landing_metadata(home, [*results.values()])["incomplete scopes"] == 0
    assert sorted(scope_tags(results.values()).values()) == ["complete", "complete", "not_granted", "not_granted"]
    # Nor is it red the next day.
    assert (sorted(landed(read())), red(home)) == (sorted(OPEN_SCOPES), "")


def test_a_run_shows_what_is_not_granted_and_ends_well(
    home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=service.cloud(None))))
    monkeypatch.setenv("CBR_CLOUDS", "prod")
    result = CliRunner().invoke(main, ["run", "--home", str(home.path)])
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"not granted: prod/{CLOSED}: cloud 'prod/{CLOSED}' may not read its backups" in " ".join(
        result.stdout.split()
    )
    rows = query(home, "SELECT scope, is_granted, problem IS NULL, snapshot_id IS NULL FROM meta.scopes")
    assert sorted(rows) == sorted(
        [(scope, True, True, False) for scope in OPEN_SCOPES]
        + [(scope, False, False, True) for scope in REFUSED_SCOPES]
    )
    scopes = query(home, "SELECT scope, is_stale FROM staging.stg_scopes ORDER BY 1")
    assert scopes == [(scope, False) for scope in OPEN_SCOPES]
    assert {scope for (scope,) in query(home, "SELECT scope FROM compliance.summary")} == set(OPEN_SCOPES)
    status = CliRunner().invoke(main, ["status", "--home", str(home.path)]).stdout
    assert "STALE" not in status
    [closed] = [line for line in status.partition(f"scope prod/{CLOSED}\n")[2].splitlines()[:1] if line]
    assert "NOT GRANTED" in closed
    assert "may not read its backups" in closed


def test_without_a_region_name_each_project_has_that_of_its_catalog(read: Any, service: Sandbox, home: Home) -> None:
    entry = service.cloud(None)
    del entry["region_name"]
    assert sorted(landed(read(prod=entry))) == sorted(OPEN_SCOPES)
    assert {snapshot.region for snapshot in read_snapshots(home)} == {REGION}


def test_of_several_regions_in_the_catalog_a_project_is_in_that_of_its_name(
    read: Any, service: Sandbox, home: Home, change: Any
) -> None:
    def with_another(_: str, response: Response) -> Response:
        if isinstance(response.body, dict):
            for offered in response.body.get("token", {}).get("catalog", []):
                first = offered["endpoints"][0]
                offered["endpoints"].append(first | {"region": "b-2", "region_id": "b-2", "url": "http://127.0.0.1:9"})
        return response

    change(with_another)
    entry = service.cloud(None)
    del entry["region_name"]
    assert sorted(landed(read(prod=entry))) == sorted(OPEN_SCOPES)
    assert {snapshot.region for snapshot in read_snapshots(home)} == {REGION}


def test_projects_without_cbr_in_the_region_of_the_entry_are_not_granted(
    read: Any, home: Home, service: Sandbox
) -> None:
    with serve([server("b")]) as other:
        results = read("prod,other", prod=service.cloud(None) | {"region_name": "nowhere-1"}, other=elsewhere(other))
    assert landed(results) == ["other"]
    assert f"the project of cloud 'prod/{REGION}' has no CBR in region 'nowhere-1'" in problem_of(
        results[f"prod/{REGION}"]
    )
    # An entry of which no project can be read at all is no use, and that is said.
    assert "prod: none of its projects may be read" in red(home, "prod", "other")


REFUSALS: dict[str, Change] = {
    "CBR": lambda path, response: FORBIDDEN if "/backups" in path else response,
    "IAM with 401": lambda path, response: (
        iam_error(401, "Unauthorized", "no") if "token" in path and "project" in response.body.get("token", {}) else response
    ),
    "IAM with 403": lambda path, response: (
        iam_error(403, "Forbidden", "no") if "token" in path and "project" in response.body.get("token", {}) else response
    ),
}  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_project_that_was_read_before_and_is_refused_now_is_a_failure(
    read: Any, home: Home, change: Any, refusal: str
) -> None:
    read()
    change(REFUSALS[refusal])
    results = read()
    assert landed(results) == []
    assert {scope: result.is_granted for scope, result in results.items()} == dict.fromkeys(
        OPEN_SCOPES, True
    ) | dict.fromkeys(REFUSED_SCOPES, False)
    assert all(f"{scope}: " in red(home) for scope in OPEN_SCOPES)
    assert not any(f"{scope}: " in red(home) for scope in REFUSED_SCOPES)


def test_a_project_that_was_read_before_and_is_not_listed_any_more_is_a_failure(
    read: Any, home: Home, change: Any
) -> None:
    read()

    def lost(path: str, response: Response) -> Response:
        is_lost = response.body.get("token", {}).get("project", {}).get("name") == EMPTY
        return iam_error(401, "Unauthorized", "no") if is_lost else relist([REGION])(path, response)

    change(relist([REGION, EMPTY]))
    assert sorted(read()) == sorted(OPEN_SCOPES)
    # What was never read and is not listed any more is forgotten.
    assert sorted(a.scope for a in read_attempts(home, read_snapshots(home))) == sorted(OPEN_SCOPES)
    change(lost)
    assert landed(read()) == [f"prod/{REGION}"]
    assert f"prod/{EMPTY}: " in red(home)
    (home.landed_scope(f"prod/{EMPTY}") / ATTEMPT).unlink()
    assert list(read()) == [f"prod/{REGION}"]
    assert red(home) == ""


def test_where_iam_gives_no_list_the_entry_has_failed_and_other_clouds_are_read(read: Any, home: Home) -> None:
    with serve([server("b")]) as other:
        down = {
            "auth": {"auth_url": "http://127.0.0.1:9/v3", "username": "u", "password": "p", "user_domain_name": DOMAIN}
        }
        results = read("prod,other", prod=down, other=elsewhere(other))
        assert list(results) == ["prod", "other"]
        assert landed(results) == ["other"]
        assert "can't be reached" in problem_of(results["prod"])
        assert "prod: IAM of cloud 'prod' can't be reached" in red(home, "prod", "other")
        # As soon as there is a list, its projects stand for the entry.
        assert "prod" not in read("prod,other", other=elsewhere(other))
    assert red(home, "prod", "other") == ""
    assert "prod" not in {attempt.scope for attempt in read_attempts(home, read_snapshots(home))}


def test_a_wrong_password_is_the_failure_of_the_entry_and_does_not_go_away(
    read: Any, home: Home, service: Sandbox
) -> None:
    entry = service.cloud(None)
    results = read(prod=entry | {"auth": entry["auth"] | {"password": "not-this-one"}})
    assert list(results) == ["prod"]
    assert "refused user 'sandbox-auditor' of cloud 'prod': The username or password is wrong" in problem_of(
        results["prod"]
    )
    assert not results["prod"].problem.transient
    assert service.requests["token"] == 1


@pytest.mark.parametrize(
    "response",
    [
        html(200),
        Response(200, []),
        Response(200, {"projects": None}),
        Response(200, {"projects": ["a"]}),
        Response(200, {"projects": [{"id": "1", "name": None, "enabled": True}]}),
        Response(200, {"projects": [{"id": "1", "name": "a"}], "links": {"next": "http://127.0.0.1:9/v3/more"}}),
        Response(302, {"projects": []}, {"Location": "http://127.0.0.1:9"}),
        Response(503, {"error": {"message": "closed"}}),
    ],
)  # fmt: skip
def test_what_is_no_whole_list_is_no_list_and_may_be_one_later(read: Any, change: Any, response: Response) -> None:
    change(lambda path, plain: response if path.startswith(LIST_PATH) else plain)
    results = read()
    assert list(results) == ["prod"]
    assert "IAM" in problem_of(results["prod"])
    assert results["prod"].problem.transient


def test_a_list_that_is_given_late_is_waited_for(read: Any, change: Any) -> None:
    answers = iter([html(502), Response(503, {}), Response(429, {})])
    change(lambda path, plain: next(answers, plain) if path.startswith(LIST_PATH) else plain)
    assert sorted(landed(read(retry_seconds=60))) == sorted(OPEN_SCOPES)


def test_a_user_without_projects_is_told_so(read: Any, change: Any) -> None:
    change(relist([DISABLED]))
    result = read()["prod"]
    assert "IAM lists no project that the user of cloud 'prod' may use" in problem_of(result)
    assert not result.problem.transient


def test_two_projects_of_one_name_are_not_told_apart_and_that_is_said(read: Any, change: Any) -> None:
    def twice(path: str, response: Response) -> Response:
        if path.startswith(LIST_PATH):
            return Response(200, {"projects": response.body["projects"] * 2})
        return response

    change(twice)
    assert f"several projects of cloud 'prod' with the name {REFUSED}, {REGION}" in problem_of(read()["prod"])


def test_iam_may_quote_the_token_and_nobody_sees_it(read: Any, change: Any, home: Home) -> None:
    tokens = []

    def quoting(path: str, response: Response) -> Response:
        tokens.extend([response.headers["X-Subject-Token"]] if "X-Subject-Token" in response.headers else [])
        return iam_error(403, "Forbidden", f"{tokens[-1]} may not") if path.startswith(LIST_PATH) else response

    change(quoting)
    problem = problem_of(read()["prod"])
    assert "... may not" in problem
    assert tokens[0] not in (home.landed_scope("prod") / ATTEMPT).read_text() + problem


# One project by its name.


def test_a_project_may_be_named_alone(read: Any, service: Sandbox) -> None:
    assert landed(read(f"prod/{REGION}")) == [f"prod/{REGION}"]
    with open_scope(f"prod/{EMPTY}") as scope:
        assert (scope.name, scope.project_id, scope.region) == (f"prod/{EMPTY}", PROJECTS[EMPTY], REGION)
    assert sorted(landed(read(f"prod/{REGION},prod"))) == sorted(OPEN_SCOPES)


def test_a_project_that_is_named_has_to_be_granted(read: Any, home: Home) -> None:
    results = read(f"prod/{REGION},prod/{CLOSED},prod/nowhere")
    assert landed(results) == [f"prod/{REGION}"]
    assert all(result.is_granted for result in results.values())
    assert "no token for project 'nowhere' of cloud 'prod/nowhere'" in problem_of(results["prod/nowhere"])
    assert f"prod/{CLOSED}: " in red(home, *results)


@pytest.mark.parametrize("name", ["prod/", "other/x", f"scoped/{EMPTY}"])
def test_a_name_of_no_entry_and_project_is_said(read: Any, service: Sandbox, name: str) -> None:
    results = read(name, scoped=service.cloud())
    assert f"cloud {name!r} is not in clouds.yaml" in problem_of(results[name])


def test_an_entry_of_exactly_that_name_is_meant(read: Any, service: Sandbox, home: Home) -> None:
    results = read(f"prod/{CLOSED}", **{f"prod/{CLOSED}": service.cloud()})
    assert landed(results) == [f"prod/{CLOSED}"]
    assert [snapshot.project_id for snapshot in read_snapshots(home)] == [PROJECTS[REGION]]


def test_an_entry_without_project_is_no_scope_itself(read: Any) -> None:
    read()
    with pytest.raises(WarehouseError, match=r"belongs to no project.* or name one of its projects: prod/PROJECT"):
        open_scope("prod").__enter__()


# Later runs.


def test_a_project_that_failed_is_read_again_alone(read: Any, home: Home, change: Any, service: Sandbox) -> None:
    change(
        lambda path, plain: html(502) if f"{PROJECTS[EMPTY]}/backups" in path else plain,
    )
    assert landed(read()) == [f"prod/{REGION}"]
    assert f"prod/{EMPTY}: " in red(home)
    due = due_retries(read_attempts(home, read_snapshots(home)), ("prod",), clock.utc_now() + timedelta(minutes=6))
    assert [attempt.scope for attempt in due] == [f"prod/{EMPTY}"]
    change(lambda path, plain: plain)
    assert landed(read(f"prod/{EMPTY}")) == [f"prod/{EMPTY}"]
    assert red(home) == ""
    later = clock.utc_now() + timedelta(days=1)
    assert due_retries(read_attempts(home, read_snapshots(home)), ("prod",), later) == []


def test_an_entry_that_is_given_a_project_is_not_held_to_its_former_ones(
    read: Any, home: Home, change: Any, service: Sandbox
) -> None:
    change(lambda path, plain: html(502) if f"{PROJECTS[REGION]}/backups" in path else plain)
    assert landed(read()) == [f"prod/{EMPTY}"]
    change(lambda path, plain: plain)
    assert landed(read(prod=service.cloud())) == ["prod"]
    assert red(home) == ""
    assert due_retries(read_attempts(home, read_snapshots(home)), ("prod",), clock.utc_now() + timedelta(days=1)) == []


def test_a_project_that_another_entry_has_read_is_not_counted_twice(read: Any, home: Home, service: Sandbox) -> None:
    assert landed(read("one", one=service.cloud())) == ["one"]
    results = read("one,prod", one=service.cloud())
    assert sorted(landed(results)) == ["one", f"prod/{EMPTY}"]
    assert "all of it would be counted twice" in problem_of(results[f"prod/{REGION}"])


def test_more_projects_than_are_read_at_a_time_are_all_read(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.scopes.MAX_RUNS", 1)
    results = read()
    assert list(results) == sorted(OPEN_SCOPES + REFUSED_SCOPES)
    assert sorted(landed(results)) == sorted(OPEN_SCOPES)


# Every wait has an end.


def test_a_list_that_never_comes_holds_up_nobody(read: Any, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.watchdog.STALL_SECONDS", 0.5)
    released, plain = threading.Event(), Session.get

    def get(session: Session, url: str, **more: Any) -> Any:
        if LIST_PATH in url:
            released.wait()
        return plain(session, url, **more)

    monkeypatch.setattr(Session, "get", get)
    with serve([server("b")]) as other, home.lock():
        results = read("prod,other", other=elsewhere(other))
    assert landed(results) == ["other"]
    assert "'prod' made no progress for 0.5 s and was given up" in problem_of(results["prod"])
    [late] = [thread for thread in threading.enumerate() if thread.name == "scope prod"]
    released.set()
    late.join()
    # What it is given now is read by nobody.
    assert {snapshot.scope for snapshot in read_snapshots(home)} == {"other"}


BLOCKED = """
import sys, threading
from keystoneauth1.session import Session

def never(*_, **__):
    print("blocked", flush=True)
    threading.Event().wait()

Session.get = never
from pipelines.cli import entry
sys.argv[1:] = ['run']
entry()
"""


def test_an_interrupt_ends_a_run_that_waits_for_the_list(home: Home, service: Sandbox, tmp_path: Path) -> None:
    environ = os.environ | {
        "OS_CLIENT_CONFIG_FILE": str(clouds_yaml(tmp_path, prod=service.cloud(None))),
        "CBR_CLOUDS": "prod",
        "CBR_HOME": str(home.path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert "blocked\n" in iter(process.stdout.readline, "")
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in stderr) == (130, False)
    with home.lock():
        assert read_snapshots(home) == []


# What is granted.


@pytest.fixture
def check(service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def check(names: str = "prod", **entries: Any) -> Result:
        entries = {"prod": service.cloud(None)} | entries
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, **entries)))
        monkeypatch.setenv("CBR_CLOUDS", names)
        monkeypatch.setenv("CBR_RETRY_SECONDS", "0.05")
        return CliRunner().invoke(main, ["check"])

    return check


def test_the_check_lists_every_project_and_what_is_refused_is_no_error(check: Any, service: Sandbox) -> None:
    result = check("prod,one", one=service.cloud())
    assert (result.exit_code, result.stderr) == (0, "")
    headings = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert headings == [f"{scope}:" for scope in [*sorted(OPEN_SCOPES + REFUSED_SCOPES), "one"]]
    refused, _, others = result.stdout.partition(f"prod/{REGION}:\n")
    assert refused.startswith(f"prod/{REFUSED}:\n  log in           not granted  IAM at {service.url}/v3 gave user ")
    granted, _, closed = others.partition(f"prod/{CLOSED}:\n")
    assert "  ListBackups      granted" in granted
    assert closed.startswith("  ListBackups      not granted  all other results: ask for cbr:backups:list\n")


def test_the_check_needs_one_project_whose_backups_are_granted(check: Any, change: Any) -> None:
    change(relist([CLOSED, REFUSED]))
    result = check()
    assert result.exit_code == 1
    assert result.stdout.count("not granted") == 9
    assert "the backups of prod can't be read" in result.stderr


def test_the_check_of_an_entry_whose_projects_are_not_listed_has_failed(check: Any, change: Any) -> None:
    change(lambda path, plain: html(200) if path.startswith(LIST_PATH) else plain)
    result = check()
    assert (result.exit_code, result.stdout.startswith("prod:\n  log in           failed")) == (1, True)
    assert "the backups of prod can't be read" in result.stderr
