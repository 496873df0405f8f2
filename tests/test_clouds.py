"""clouds.yaml and IAM: whatever is wrong, one line says what and what to do, and shows no secret."""

import re
from pathlib import Path
from typing import Any

import certifi
import pytest
import yaml

from pipelines.config import ReadSettings
from pipelines.errors import WarehouseError
from pipelines.extract.client import Client
from pipelines.extract.login import open_scope
from pipelines.extract.rate_limit import RateLimiter
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.iam import PROJECTS, REGION
from pipelines.sandbox.responses import Response
from tests.conftest import clouds_yaml
from tests.test_readme import ALL

SECRET = "hush-hush-hush"


IMPATIENT = ReadSettings(retry_seconds=0.05)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    return path


def problem(name: str = "prod") -> str:
    with pytest.raises(WarehouseError) as caught, open_scope(name, IMPATIENT):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


def test_a_scope_is_a_cloud_of_clouds_yaml(service: Sandbox, configured: Path) -> None:
    clouds_yaml(configured.parent, prod=service.cloud())
    with open_scope("prod") as scope:
        assert (scope.name, scope.region, scope.project_id) == ("prod", REGION, PROJECTS[REGION])
        assert scope.url == f"{service.url}/v3/{PROJECTS[REGION]}"
        assert "session" not in repr(scope)


@pytest.mark.parametrize("path", ["", "/", "/v3", "/v3/"])
def test_the_readmes_own_entry_logs_in_wherever_auth_url_ends(service: Sandbox, configured: Path, path: str) -> None:
    entry = re.search(r"```yaml\n(clouds:.*?)```", ALL, re.DOTALL)
    assert entry is not None
    [prod] = yaml.safe_load(entry[1])["clouds"].values()
    cloud = service.cloud()
    assert (prod.keys(), prod["auth"].keys()) == (cloud.keys(), cloud["auth"].keys())
    cloud["auth"]["auth_url"] = service.url + path
    clouds_yaml(configured.parent, prod=cloud)
    with open_scope("prod") as scope:
        assert scope.url == f"{service.url}/v3/{PROJECTS[REGION]}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": SECRET}, "refused user 'sandbox-auditor' of cloud 'prod': The username or password is wrong"),
        ({"username": "nobody"}, "refused user 'nobody'"),
        ({"project_name": "nowhere"}, "The project does not exist or is not open to this user"),
        ({"auth_url": "http://127.0.0.1:9/v3"}, "can't be reached at http://127.0.0.1:9/v3"),
    ],
)
def test_what_iam_refuses_is_said(service: Sandbox, configured: Path, change: dict[str, str], message: str) -> None:
    cloud = service.cloud()
    clouds_yaml(configured.parent, prod=cloud | {"auth": cloud["auth"] | change})
    assert message in problem()


@pytest.mark.parametrize(
    ("text", "message"),
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
def test_a_broken_clouds_yaml_is_said(configured: Path, text: str, message: str) -> None:
    configured.write_text(text)
    assert message in problem()


def test_whoever_waits_for_a_first_answer_is_told_why_once(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipelines.extract.session.SILENT_SECONDS", 0.0)
    answers = iter([Response(503, {"error": {"message": "closed\x1b[2J for a while"}})] * 3)
    plain = service.respond
    monkeypatch.setattr(service, "respond", lambda *request: next(answers, None) or plain(*request))
    clouds_yaml(configured.parent, prod=service.cloud())
    with open_scope("prod", ReadSettings(retry_seconds=60)):
        pass
    [line] = caplog.messages
    assert line.startswith("cloud 'prod': closed\\x1b[2J for a while")
    assert line.endswith("tried again for 60 s")


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


def test_the_password_does_not_follow_a_redirect(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve([]) as other:
        away = Response(307, {}, {"Location": f"{other.url}/v3/auth/tokens"})
        monkeypatch.setattr(service, "respond", lambda *_: away)
        clouds_yaml(configured.parent, prod=service.cloud())
        problem()
        assert other.requests.total() == 0


@pytest.mark.parametrize("token", [{}, None, {"expires_at": "soon", "catalog": []}])
def test_an_answer_that_is_no_token_is_said(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch, token: Any
) -> None:
    answer = Response(201, {"token": token}, {"X-Subject-Token": "t"})
    monkeypatch.setattr(service, "respond", lambda *_: answer)
    clouds_yaml(configured.parent, prod=service.cloud())
    assert "IAM at" in problem()


def test_a_token_of_no_project_says_what_to_set(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = service.respond

    def unscoped(*request: Any) -> Any:
        answer = plain(*request)
        answer.body["token"].pop("project")
        return answer

    monkeypatch.setattr(service, "respond", unscoped)
    clouds_yaml(configured.parent, prod=service.cloud())
    assert "belongs to no project" in problem()


# What stands in clouds.yaml, and in the files that it names or that lie beside it.


def entry(service: Sandbox, **more: Any) -> dict[str, Any]:
    return service.cloud() | more


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("password: 20240117", "auth.password of cloud 'prod' in clouds.yaml is a number to YAML, and has to be text. Put quotes"),
        ("password: 1.5", "auth.password of cloud 'prod' in clouds.yaml is a number"),
        ("password: 2024-01-17", "auth.password of cloud 'prod' in clouds.yaml is a date"),
        ("password: yes", "auth.password of cloud 'prod' in clouds.yaml is true or false"),
        ("password:", "auth.password of cloud 'prod' in clouds.yaml is empty"),
        ("password: ''", "auth.password of cloud 'prod' in clouds.yaml is empty"),
        ("username: 1234", "auth.username of cloud 'prod' in clouds.yaml is a number"),
        ("auth_url: http://127.0.0.1:9/v3?key=" + SECRET, "auth_url of cloud 'prod' in clouds.yaml holds a query"),
        ("auth_url: http://a..b/v3", "auth_url of cloud 'prod' in clouds.yaml is not a URL"),
        ("auth_url: http://127.0.0.1:port/v3", "auth_url of cloud 'prod' in clouds.yaml is not a URL"),
        ("auth_url: http://" + "a" * 300 + "/v3", "auth_url of cloud 'prod' in clouds.yaml is not a URL"),
    ],
)  # fmt: skip
def test_a_value_that_can_not_be_meant_is_named(configured: Path, text: str, message: str) -> None:
    configured.write_text(f"clouds:\n  prod:\n    auth:\n      {text}\n")
    assert message in problem()


@pytest.mark.parametrize(
    "override", ["http://a..b", "http://" + "a" * 300, "http://h/?key=" + SECRET, "http://h:port", "cbr"]
)
def test_an_override_that_is_no_endpoint_is_named(service: Sandbox, configured: Path, override: str) -> None:
    clouds_yaml(configured.parent, prod=entry(service, cbr_endpoint_override=override))
    assert "cbr_endpoint_override of cloud 'prod' in clouds.yaml" in problem()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{auth_type: aksk, auth: {ak: x, sk: " + SECRET + "}}", "It needs clouds: NAME: auth_type: aksk, auth: (access_key"),
        ("{auth_type: aksk, auth: " + SECRET + "}", "auth of cloud 'prod' in clouds.yaml is not a section"),
        ("{auth_type: aksk, auth: [" + SECRET + "]}", "auth of cloud 'prod' in clouds.yaml is not a section"),
        ("{auth_type: aksk, access_key: x, secret_key: " + SECRET + "}", "project_id"),
        ("{profile: 'https://127.0.0.1:9/profile', auth: {auth_url: 'http://127.0.0.1:9'}}", "'prod' in clouds.yaml"),
        ("{auth: {auth_url: 'http://127.0.0.1:9/{x}', password: " + SECRET + "}}", "'prod' in clouds.yaml"),
        ("{region_name: 7, auth: {auth_url: 'http://127.0.0.1:9'}}", "'prod' in clouds.yaml"),
        ("{auth: {auth_url: 'http://127.0.0.1:9', username: x}}", "auth of cloud 'prod' in clouds.yaml lacks password, user_domain_name"),
        ("[]", "cloud 'prod' in clouds.yaml"),
    ],
)  # fmt: skip
def test_an_entry_of_another_shape_is_one_line(configured: Path, text: str, message: str) -> None:
    configured.write_text(f"clouds:\n  prod: {text}\n")
    assert message in problem()


@pytest.mark.parametrize("key", ["cacert", "cert", "key"])
@pytest.mark.parametrize(
    ("content", "message"), [(None, "can't be read: No such file"), ("no PEM", "is not a valid PEM file")]
)
def test_a_file_that_the_entry_names_is_looked_at_first(
    service: Sandbox, configured: Path, key: str, content: str | None, message: str
) -> None:
    file = configured.parent / "named.pem"
    if content:
        file.write_text(content)
    named = {key: str(file)} | ({"cert": str(certificate_in(configured.parent))} if key == "key" else {})
    clouds_yaml(configured.parent, prod=entry(service, **named))
    assert f"{key} of cloud 'prod' in clouds.yaml, {file}, {message}" in problem()
    assert service.requests.total() == 0


def certificate_in(folder: Path) -> Path:
    """A certificate that some authority of this machine's Python signed."""
    [first, *_] = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    path = folder / "certificate.pem"
    path.write_text(f"{first}-----END CERTIFICATE-----\n")
    return path


def test_a_bundle_of_the_environment_that_is_not_there_is_named(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/roots.pem")
    clouds_yaml(configured.parent, prod=entry(service))
    assert "REQUESTS_CA_BUNDLE=/nowhere/roots.pem does not exist" in problem()


@pytest.mark.parametrize("name", ["secure.yaml", "clouds-public.yaml"])
@pytest.mark.parametrize("named", [False, True])
def test_a_file_beside_clouds_yaml_is_read_or_said_to_be_broken(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch, name: str, named: bool
) -> None:
    clouds_yaml(configured.parent, prod=entry(service))
    broken = configured.parent / name
    broken.write_text(f'clouds:\n  prod:\n    auth:\n      password: "{SECRET}\n')
    if named and name == "secure.yaml":
        monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(broken))
    else:
        kind = "SECURE" if name == "secure.yaml" else "VENDOR"
        monkeypatch.setattr(f"pipelines.extract.clouds.{kind}_FILES", [str(broken)])
    assert f"{broken}, line 5, is not YAML" in problem()


def test_a_secure_file_that_is_named_and_not_there_is_said(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds_yaml(configured.parent, prod=entry(service))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", "/nowhere/secure.yaml")
    assert "OS_CLIENT_SECURE_FILE=/nowhere/secure.yaml does not exist" in problem()


@pytest.mark.parametrize(
    "regions", [{"regions": ["a-1", "b-2"]}, {"regions": ["a-1", {"name": "b-2", "values": {}}]}, {"region_name": "a-1,b-2"}]
)  # fmt: skip
def test_an_entry_of_several_regions_is_refused(service: Sandbox, configured: Path, regions: dict[str, Any]) -> None:
    cloud = service.cloud()
    del cloud["region_name"]
    clouds_yaml(configured.parent, prod=cloud | regions)
    assert "cloud 'prod' in clouds.yaml is of several regions: a-1, b-2. Make one entry per region" in problem()


def test_a_region_alone_in_a_list_is_the_region(service: Sandbox, configured: Path) -> None:
    cloud = service.cloud()
    del cloud["region_name"]
    clouds_yaml(configured.parent, prod=cloud | {"regions": [REGION]})
    with open_scope("prod") as scope:
        assert scope.region == REGION


def test_of_several_endpoints_none_is_taken_without_a_region(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = service.cloud()
    del cloud["region_name"]
    clouds_yaml(configured.parent, prod=cloud)
    with open_scope("prod") as scope:
        assert (scope.region, scope.url) == (REGION, f"{service.url}/v3/{PROJECTS[REGION]}")
    plain = service.respond

    def with_another(*request: Any) -> Any:
        answer = plain(*request)
        for offered in answer.body.get("token", {}).get("catalog", []):
            offered["endpoints"].append(offered["endpoints"][0] | {"region": "b-2", "region_id": "b-2", "id": "other"})
        return answer

    monkeypatch.setattr(service, "respond", with_another)
    assert f"cloud 'prod' has no region_name, and its catalog lists CBR in b-2, {REGION}" in problem()
    clouds_yaml(configured.parent, prod=cloud | {"region_name": "b-2"})
    with open_scope("prod") as scope:
        assert scope.region == "b-2"


def test_variables_without_a_file_are_the_cloud_envvars(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in service.cloud()["auth"].items():
        monkeypatch.setenv(f"OS_{key.upper()}", value)
    monkeypatch.setenv("OS_REGION_NAME", REGION)
    assert "The OS_ variables are the cloud 'envvars': set CBR_CLOUDS=envvars" in problem()
    with open_scope("envvars") as scope:
        assert (scope.name, scope.region) == ("envvars", REGION)


def test_what_a_netrc_holds_is_sent_to_nobody_and_a_proxy_of_the_environment_is_used(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configured.parent / ".netrc").write_text(f"machine 127.0.0.1\n  login somebody\n  password {SECRET}\n")
    seen: list[tuple[str, str | None]] = []
    plain = service.respond

    def watched(method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
        seen.append((path, headers.get("authorization")))
        return plain(method, path.removeprefix("http://cbr.invalid"), headers, content)

    monkeypatch.setattr(service, "respond", watched)
    clouds_yaml(configured.parent, prod=entry(service))
    with open_scope("prod") as scope:
        Client(scope, RateLimiter(1000), 1).list_page(0)
    monkeypatch.setenv("http_proxy", service.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    clouds_yaml(configured.parent, prod=entry(service, cbr_endpoint_override="http://cbr.invalid"))
    with open_scope("prod") as scope:
        Client(scope, RateLimiter(1000), 1).list_page(0)
    assert {authorization for _, authorization in seen} == {None}
    assert [path.partition("/v3")[0] for path, _ in seen if "/backups" in path] == ["", "http://cbr.invalid"]


@pytest.mark.parametrize(
    "proxy",
    [f"htp://user:{SECRET}@@proxy.invalid:3128", f"http://user:{SECRET}@proxy.invalid:port", f"http://user:{SECRET}@[::1"],
)  # fmt: skip
def test_a_misspelt_proxy_is_said_at_once_and_without_its_password(
    service: Sandbox, configured: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    clouds_yaml(configured.parent, prod=entry(service))
    with (
        pytest.raises(
            WarehouseError, match=r"can't be reached .* Check auth_url in clouds\.yaml, the network and the proxy"
        ) as caught,
        open_scope("prod", ReadSettings(retry_seconds=600)),
    ):
        pass
    assert not caught.value.transient
    assert SECRET not in str(caught.value)
