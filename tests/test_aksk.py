"""Requests signed with an access key, checked by a verifier that shares no code with the signer."""

import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings
from pipelines.errors import WarehouseError
from pipelines.extract.login import open_scope
from pipelines.extract.snapshot import land_scope
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.iam import ACCESS_KEY, PROJECTS, REGION, SECRET_KEY
from pipelines.storage.home import Home
from tests.conftest import clouds_yaml, scope_run
from tests.given import server, volume


def cloud(service: Sandbox, **auth: str) -> dict[str, Any]:
    fields = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "project_id": PROJECTS[REGION]} | auth
    return {"auth_type": "aksk", "auth": fields, "region_name": REGION, "cbr_endpoint_override": service.url}


def test_a_scope_is_read_with_signed_requests_and_no_token(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    backups = [server("a b+c~d"), volume("v1")]
    with serve(backups) as service:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=cloud(service))))
        snapshot = land_scope(scope_run(home, Settings.load(str(home.path))))
        assert service.requests == {"list": 2, "show": 2}
    assert (snapshot.complete, snapshot.listed, snapshot.shown) == (True, 2, 2)
    assert snapshot.project_id == PROJECTS[REGION]


@pytest.mark.parametrize("auth", [{"secret_key": "hush-hush"}, {"access_key": "SOMEBODY"}])
def test_a_wrong_key_is_one_clear_line(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: dict[str, str]
) -> None:
    home.prepare()
    with serve([]) as service:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=cloud(service, **auth))))
        with pytest.raises(WarehouseError, match=r"keeps refusing its credentials: 401 APIGW\.0301") as caught:
            land_scope(scope_run(home, Settings.load(str(home.path))))
    assert "hush" not in str(caught.value)


def test_a_key_without_project_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve([]) as service:
        entry = cloud(service)
        del entry["auth"]["project_id"]
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=entry)))
        with pytest.raises(WarehouseError, match="project_id"), open_scope("prod"):
            pass


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-4", "cbr.cn-north-4.myhuaweicloud.com"),
        ("ap-southeast-1", "cbr.ap-southeast-1.myhuaweicloud.com"),
        ("la-north-2", "cbr.la-north-2.myhuaweicloud.com"),
        ("eu-west-101", "cbr.eu-west-101.myhuaweicloud.eu"),
        ("eu-de", None),
        ("eu-west-0", None),
        ("sandbox-1", None),
        ("", None),
    ],
)
def test_without_an_override_the_endpoint_is_the_regions_where_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str, host: str | None
) -> None:
    with serve([]) as service:
        entry = cloud(service) | {"region_name": region}
    del entry["cbr_endpoint_override"]
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=entry)))
    if host is None:
        with pytest.raises(WarehouseError, match="cbr_endpoint_override"), open_scope("prod"):
            pass
        return
    with open_scope("prod") as scope:
        assert scope.url == f"https://{host}/v3/{PROJECTS[REGION]}"


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huaweicloudsdkcore.signer.signer", None)
    with serve([]) as service:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=cloud(service))))
        with pytest.raises(WarehouseError, match=r"cbr-warehouse\[aksk\]"), open_scope("prod"):
            pass
