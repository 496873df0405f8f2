"""The sandbox over its sockets: what CBR and IAM are documented, or were seen, to answer."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from pipelines.sandbox import Sandbox
from pipelines.sandbox.iam import PROJECTS, REGION
from pipelines.sandbox.server import serve_store
from pipelines.sandbox.store import Numbered

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
    ],
)
def test_filters_choose(service: Sandbox, query: str, matches: Any) -> None:
    page = get(service, f"/backups?{query}").json()
    assert page["backups"]
    assert all(matches(item) for item in page["backups"])
    assert page["count"] < len(service.cbr.backups.ids())


def test_a_hundred_thousand_backups_are_made_when_they_are_asked_for() -> None:
    made: list[int] = []

    def make(number: int) -> dict[str, Any]:
        made.append(number)
        return {"id": f"b{number:06}", "created_at": f"{number:09}", "children": []}

    with serve_store(Numbered(100_000, make, lambda number: f"b{number:06}")) as service:
        page = get(service, "/backups?sort=created_at:asc,id:asc&limit=50&offset=99990").json()
        assert (page["count"], [item["id"] for item in page["backups"]]) == (
            100_000,
            [f"b{n:06}" for n in range(99_990, 100_000)],
        )
        assert get(service, "/backups/b054321").json()["backup"]["id"] == "b054321"
        assert get(service, "/backups/b100000").status_code == 401
    assert made == [*range(99_990, 100_000), 54_321]


def test_errors_have_the_shapes_of_those_who_send_them(service: Sandbox) -> None:
    token = token_request(service).headers["X-Subject-Token"]
    unknown = get(service, "/backups/00000000-0000-0000-0000-000000000000", token)
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "BackupService.6200")
    malformed = get(service, "/backups/nonsense", token)
    assert (malformed.status_code, malformed.json()["unauthorized"]["message"]) == (401, "Malformed request url")
    invalid = get(service, "/backups?sort=colour", token)
    assert (invalid.status_code, invalid.json()["error_code"]) == (400, "BackupService.9900")
    assert get(service, "/backups?limit=0", token).status_code == 400
    nowhere = get(service, "/vaults", token)
    assert (nowhere.status_code, nowhere.json()["error_code"]) == (404, "APIGW.0101")
    closed = get(service, "/backups", token, project=PROJECTS[f"{REGION}_closed"])
    assert (closed.status_code, closed.json()["error_code"]) == (403, "BackupService.8600")
