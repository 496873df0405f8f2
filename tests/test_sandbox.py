"""The sandbox over its sockets: what CBR and IAM are documented, or were seen, to answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from pipelines.extract.aksk import RequestSigner
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.filters import VAULT_GB
from pipelines.sandbox.iam import ACCESS_KEY, PROJECTS, REGION, SECRET_KEY
from pipelines.sandbox.server import serve_store
from pipelines.sandbox.store import GeneratedStore
from tests.given import child, server, volume

PROJECT = PROJECTS[REGION]


def token_request(service: Sandbox, **change: Any) -> requests.Response:
    auth = service.cloud()["auth"] | change
    user = {"name": auth["username"], "password": auth["password"], "domain": {"name": auth["user_domain_name"]}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": auth["project_name"]}},
        }
    }
    return requests.post(f"{service.url}/v3/auth/tokens", json=body, timeout=5)


def get(service: Sandbox, path: str, token: str | None = None, project: str = PROJECT) -> requests.Response:
    token = token or token_request(service).headers["X-Subject-Token"]
    return requests.get(f"{service.url}/v3/{project}{path}", headers={"X-Auth-Token": token}, timeout=5)


def test_a_token_comes_in_a_header_with_an_expiry_and_a_catalog(service: Sandbox) -> None:
    answer = token_request(service)
    assert answer.status_code == 201
    assert answer.headers["X-Subject-Token"]
    token = answer.json()["token"]
    assert token["expires_at"] > token["issued_at"]
    urls = {entry["type"]: entry["endpoints"][0]["url"] for entry in token["catalog"]}
    assert urls["cbr"] == f"{service.url}/v3/{PROJECT}"


@pytest.mark.parametrize(
    "change", [{"password": "wrong"}, {"username": "nobody"}, {"user_domain_name": "x"}, {"project_name": "x"}]
)
def test_iam_refuses_what_is_wrong_in_its_own_shape(service: Sandbox, change: dict[str, str]) -> None:
    answer = token_request(service, **change)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 401
    assert answer.json()["error"]["title"] == "Unauthorized"


def test_the_gateway_refuses_a_wrong_and_an_expired_token(service: Sandbox) -> None:
    assert get(service, "/backups", token="made-up").json()["error_code"] == "APIGW.0301"
    service.iam.lifetime = timedelta(seconds=-1)
    assert get(service, "/backups").status_code == 401


def test_the_list_leaves_out_children_and_enterprise_project(service: Sandbox) -> None:
    page = get(service, "/backups?show_replication=true&limit=1000").json()
    assert page["count"] == len(page["backups"]) == len(service.cbr.backups.ids())
    assert all(item["children"] == [] and "enterprise_project_id" not in item for item in page["backups"])
    assert any(item["replication_records"] for item in page["backups"])
    assert "replication_records" not in get(service, "/backups?limit=1").json()["backups"][0]


def test_details_have_both(service: Sandbox) -> None:
    backup = next(body for body in map(service.cbr.backups.get, service.cbr.backups.ids()) if body and body["children"])
    shown = get(service, f"/backups/{backup['id']}").json()["backup"]
    assert shown["children"]
    assert shown["enterprise_project_id"] is not None


def test_pages_by_offset_and_by_marker_are_the_same(service: Sandbox) -> None:
    sort = "sort=created_at:asc,id:asc&limit=100"
    first = get(service, f"/backups?{sort}").json()["backups"]
    by_offset = get(service, f"/backups?{sort}&offset=100").json()
    by_marker = get(service, f"/backups?{sort}&marker={first[-1]['id']}").json()
    assert by_offset["offset"] == 100
    assert by_offset["backups"] == by_marker["backups"]
    assert first[-1]["created_at"] <= by_offset["backups"][0]["created_at"]


def test_the_default_order_is_newest_first(service: Sandbox) -> None:
    created = [item["created_at"] for item in get(service, "/backups").json()["backups"]]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("status=error&status=deleting", lambda item: item["status"] in ("error", "deleting")),
        ("resource_type=OS::Sfs::Turbo", lambda item: item["resource_type"] == "OS::Sfs::Turbo"),
        ("image_type=replication", lambda item: item["image_type"] == "replication"),
        ("resource_name=erp-db", lambda item: item["resource_name"] == "erp-db"),
        ("incremental=true&resource_name=erp-db", lambda item: item["incremental"]),
    ],
)
def test_filters_choose(service: Sandbox, query: str, matches: Any) -> None:
    page = get(service, f"/backups?{query}").json()
    assert page["backups"]
    assert all(matches(item) for item in page["backups"])
    assert page["count"] < len(service.cbr.backups.ids())


@pytest.mark.parametrize(
    "query", ["own_type=private", "own_type=all_granted", "enterprise_project_id=all_granted_eps", "dec=true"]
)
def test_filters_that_let_everything_through_do(service: Sandbox, query: str) -> None:
    assert get(service, f"/backups?limit=1&{query}").json()["count"] == len(service.cbr.backups.ids())


@pytest.mark.parametrize("query", ["own_type=shared", "member_status=accepted", "used_percent=100"])
def test_nothing_is_shared_and_no_vault_is_full(service: Sandbox, query: str) -> None:
    assert get(service, f"/backups?{query}").json() == {"backups": [], "count": 0, "offset": 0, "limit": 1000}


@pytest.mark.parametrize(("percent", "ids"), [(1, ["full", "half"]), (50, ["full", "half"]), (51, ["full"])])
def test_backups_are_chosen_by_the_use_of_their_vault(percent: int, ids: list[str]) -> None:
    full = volume("full", vault_id="vault-1", resource_size=VAULT_GB)
    half = volume("half", vault_id="vault-2", resource_size=VAULT_GB // 2)
    with serve([full, half]) as service:
        page = get(service, f"/backups?used_percent={percent}&sort=id:asc").json()
    assert [item["id"] for item in page["backups"]] == ids


def test_the_parts_of_a_backup_are_listed_by_its_id_alone() -> None:
    inner = child("inner", parent_id="c2")
    parts = [child("c1", parent_id="s1"), child("c2", parent_id="s1", children=[inner])]
    with serve([server("s1", children=parts), volume("v1")]) as service:
        assert [item["id"] for item in get(service, "/backups?sort=id:asc").json()["backups"]] == ["s1", "v1"]
        page = get(service, "/backups?parent_id=s1&sort=id:asc").json()
        assert ([item["id"] for item in page["backups"]], page["count"]) == (["c1", "c2"], 2)
        assert page["backups"][1]["children"] == []
        assert [item["id"] for item in get(service, "/backups?parent_id=c2").json()["backups"]] == ["inner"]
        assert get(service, "/backups?parent_id=v1").json()["count"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "start_time=yesterday",
        "end_time=2026-03-01",
        "start_time=2026-13-01T00:00:00Z",
        "own_type=mine",
        "member_status=maybe",
        "used_percent=0",
        "used_percent=101",
        "used_percent=many",
        "dec=1",
        "incremental=True",
    ],
)
def test_a_filter_that_means_nothing_is_a_bad_parameter(service: Sandbox, query: str) -> None:
    answer = get(service, f"/backups?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BackupService.9900")


def test_a_range_of_time_is_that_of_creation() -> None:
    hours = {f"v{hour}": f"2026-03-01T0{hour}:00:00.500000" for hour in range(4)}
    with serve([volume(backup_id, created_at=created) for backup_id, created in hours.items()]) as service:
        query = "start_time=2026-03-01T01:00:00Z&end_time=2026-03-01T03:00:00Z&sort=id:asc"
        assert [item["id"] for item in get(service, f"/backups?{query}").json()["backups"]] == ["v1", "v2"]


def test_iam_names_its_versions_without_a_token(service: Sandbox) -> None:
    choice = requests.get(service.url, timeout=5, allow_redirects=False)
    version = requests.get(f"{service.url}/v3", timeout=5, allow_redirects=False)
    assert (choice.status_code, version.status_code) == (300, 200)
    assert choice.json()["versions"]["values"] == [version.json()["version"]]
    assert version.json()["version"]["links"] == [{"rel": "self", "href": f"{service.url}/v3/"}]


def test_iam_lists_the_projects_of_who_asks(service: Sandbox) -> None:
    url, token = f"{service.url}/v3/projects", token_request(service).headers["X-Subject-Token"]
    listed = requests.get(url, headers={"X-Auth-Token": token}, timeout=5).json()["projects"]
    assert {project["name"]: project["id"] for project in listed} == PROJECTS
    signer = RequestSigner(ACCESS_KEY, SECRET_KEY, PROJECT, None)
    named = requests.get(url, params={"name": REGION}, auth=signer, timeout=5).json()["projects"]
    assert [project["id"] for project in named] == [PROJECT]
    refused = requests.get(url, timeout=5)
    assert (refused.status_code, refused.json()["error"]["title"]) == (401, "Unauthorized")


@pytest.mark.parametrize(("minutes", "status"), [(-20, 401), (-14, 200), (14, 200), (20, 401)])
def test_a_signature_is_good_for_a_quarter_of_an_hour(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    signed_at = datetime.now(UTC) + timedelta(minutes=minutes)
    clock = type("Clock", (datetime,), {"utcnow": lambda: signed_at})
    monkeypatch.setattr("huaweicloudsdkcore.signer.signer.datetime", clock)
    signer = RequestSigner(ACCESS_KEY, SECRET_KEY, PROJECT, None)
    answer = requests.get(f"{service.url}/v3/{PROJECT}/backups?limit=1", auth=signer, timeout=5)
    assert answer.status_code == status


def test_a_hundred_thousand_backups_are_made_when_they_are_asked_for() -> None:
    generated: list[int] = []

    def generate(number: int) -> dict[str, Any]:
        generated.append(number)
        return {"id": f"b{number:06}", "created_at": f"{number:09}", "children": []}

    with serve_store(GeneratedStore(100_000, generate, lambda number: f"b{number:06}")) as service:
        page = get(service, "/backups?sort=created_at:asc,id:asc&limit=50&offset=99990").json()
        assert (page["count"], [item["id"] for item in page["backups"]]) == (
            100_000,
            [f"b{n:06}" for n in range(99_990, 100_000)],
        )
        assert get(service, "/backups/b054321").json()["backup"]["id"] == "b054321"
        assert get(service, "/backups/b100000").status_code == 401
    assert generated == [*range(99_990, 100_000), 54_321]


def test_errors_have_the_shapes_of_those_who_send_them(service: Sandbox) -> None:
    token = token_request(service).headers["X-Subject-Token"]
    unknown = get(service, "/backups/00000000-0000-0000-0000-000000000000", token)
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "BackupService.6200")
    malformed = get(service, "/backups/nonsense", token)
    assert (malformed.status_code, malformed.json()["unauthorized"]["message"]) == (401, "Malformed request url")
    invalid = get(service, "/backups?sort=colour", token)
    assert (invalid.status_code, invalid.json()["error_code"]) == (400, "BackupService.9900")
    assert get(service, "/backups?limit=0", token).status_code == 400
    nowhere = get(service, "/nowhere", token)
    assert (nowhere.status_code, nowhere.json()["error_code"]) == (404, "APIGW.0101")
    closed = get(service, "/backups", token, project=PROJECTS[f"{REGION}_closed"])
    assert (closed.status_code, closed.json()["error_code"]) == (403, "BackupService.8600")
