"""clouds.yaml and IAM: whatever is wrong, one line says what and what to do, and shows no secret."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Reading
from pipelines.extract.scope import open_scope
from pipelines.problem import Problem
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.answers import Answer
from pipelines.sandbox.iam import PROJECTS, REGION
from tests.conftest import clouds_yaml

SECRET = "hush-hush-hush"


IMPATIENT = Reading(retry_seconds=0.05)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    return path


def problem(name: str = "prod") -> str:
    with pytest.raises(Problem) as caught, open_scope(name, IMPATIENT):
        pass
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    return said


def test_a_scope_is_a_cloud_of_clouds_yaml(service: Sandbox, configured: Path) -> None:
    clouds_yaml(configured.parent, prod=service.cloud())
    with open_scope("prod") as scope:
        assert (scope.name, scope.region, scope.project_id) == ("prod", REGION, PROJECTS[REGION])
        assert scope.url == f"{service.url}/v3/{PROJECTS[REGION]}"
        assert "session" not in repr(scope)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": SECRET}, "refused user 'sandbox-auditor' of cloud 'prod': The username or password is wrong"),
        ({"username": "nobody"}, "refused user 'nobody'"),
        ({"project_name": "nowhere"}, "The project does not exist or is not open to this user"),
        ({"auth_url": "http://127.0.0.1:9/v3"}, "can't be reached at http://127.0.0.1:9/v3"),
    ],
)
def test_what_iam_refuses_is_said(service: Sandbox, configured: Path, change: dict[str, str], said: str) -> None:
    cloud = service.cloud()
    clouds_yaml(configured.parent, prod=cloud | {"auth": cloud["auth"] | change})
    assert said in problem()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clouds:\n  prod:\n    auth: {password: " + SECRET + "\n", "line 4, is not YAML"),
        ("clouds:\n  prod:\n    auth: {password: !" + SECRET + "}\n", "line 3, is not YAML"),
        ("clouds:\n  prod:\n    auth: {password: *" + SECRET + "}\n", "line 3, is not YAML"),
        ("clouds:\n  prod:\n    auth: {password: !!int " + SECRET + "}\n", "is not YAML"),
        ("clouds:\n  prod:\n    auth: {password: !!timestamp " + SECRET + "}\n", "is not YAML"),
        ("[" * 5000, "is not YAML"),
        (
            "clouds: {prod: {auth: {auth_url: 'http://bob:" + SECRET + "@127.0.0.1:9/v3'}}}",
            "holds a user before its host",
        ),
        ("clouds: {prod: {auth: {auth_url: notaurl}}}", "auth_url of cloud 'prod' in clouds.yaml is not a URL"),
        ("clouds: {prod: {auth: {auth_url: 'http://[::1'}}}", "URL"),
        ("clouds: {prod: {api_timeout: abc, auth: {auth_url: 'http://127.0.0.1:9'}}}", "'prod'"),
        ("clouds: [", "is not YAML"),
        ("just words", "empty or not a valid mapping"),
        ("clouds:\n  prod: 3\n", "does not have the shape"),
        ("clouds:\n  prod: {auth: {username: x, password: " + SECRET + "}}\n", "auth_url"),
        ("clouds:\n  other: {}\n", "cloud 'prod' is not in clouds.yaml"),
        ("clouds:\n  prod: {auth_type: nonsense, auth: {password: " + SECRET + "}}\n", "nonsense"),
    ],
)
def test_a_broken_clouds_yaml_is_said(configured: Path, text: str, said: str) -> None:
    configured.write_text(text)
    assert said in problem()


def test_the_names_that_are_there_are_listed(configured: Path) -> None:
    clouds_yaml(configured.parent, alpha={}, beta={})
    assert "which has: alpha, beta" in problem()


def test_a_file_that_is_named_and_not_there_is_said(configured: Path) -> None:
    assert f"OS_CLIENT_CONFIG_FILE={configured} does not exist" in problem()


def test_without_any_file_the_way_to_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such file was found" in problem()


def test_a_token_without_cbr_in_its_catalog_says_what_to_set(service: Sandbox, configured: Path) -> None:
    clouds_yaml(configured.parent, prod=service.cloud() | {"region_name": "elsewhere"})
    assert "cbr_endpoint_override" in problem()


def test_the_password_does_not_follow_a_redirect(service: Sandbox, configured: Path) -> None:
    with serve([]) as other:
        away = Answer(307, {}, {"Location": f"{other.url}/v3/auth/tokens"})
        service.answer = lambda *_: away  # type: ignore[method-assign]
        clouds_yaml(configured.parent, prod=service.cloud())
        problem()
        assert other.requests.total() == 0


@pytest.mark.parametrize("token", [{}, None, {"expires_at": "soon", "catalog": []}])
def test_an_answer_that_is_no_token_is_said(service: Sandbox, configured: Path, token: Any) -> None:
    service.answer = lambda *_: Answer(201, {"token": token}, {"X-Subject-Token": "t"})  # type: ignore[method-assign]
    clouds_yaml(configured.parent, prod=service.cloud())
    assert "IAM at" in problem()


def test_a_token_of_no_project_says_what_to_set(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = service.answer

    def unscoped(*request: Any) -> Any:
        answer = plain(*request)
        answer.body["token"].pop("project")
        return answer

    monkeypatch.setattr(service, "answer", unscoped)
    clouds_yaml(configured.parent, prod=service.cloud())
    assert "belongs to no project" in problem()
