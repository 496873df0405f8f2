"""cbr-warehouse as a user meets it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.iam import REGION
from pipelines.storage.home import Home
from tests.conftest import Demo, clouds_yaml, elsewhere
from tests.given import query, server, volume
from tests.test_normalize import PAGE_SHAPED

Configure = Callable[..., None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Configure:
    """Name clouds in a clouds.yaml and in CBR_CLOUDS."""

    def configured(**clouds: Any) -> None:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, **clouds)))
        monkeypatch.setenv("CBR_CLOUDS", ",".join(clouds))

    return configured


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def failed(*arguments: str) -> str:
    """The one line of a command that ends with a problem."""
    result = call(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("cbr-warehouse: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_demo_answers_and_says_where_the_file_is(demo: Demo) -> None:
    assert (demo.exit_code, demo.stderr) == (0, "")
    for word in ("(synthetic data)", "resource-recent-recovery-point", "critical", "fail", "erp-db"):
        assert word in demo.stdout
    assert demo.home.warehouse.exists()
    assert "cbr-demo/warehouse.duckdb" in demo.stdout.replace("\n", "")


def test_demo_never_touches_the_users_clouds_or_home(demo: Demo) -> None:
    assert demo.exit_code == 0
    assert not (demo.folder / "real").exists()
    assert query(demo.home, "SELECT DISTINCT scope FROM meta.snapshots") == [("sandbox",)]


def test_a_demo_of_an_earlier_one_goes_on_where_that_was(demo: Demo, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(demo.home.path, home.path)
    before = query(home, "SELECT snapshot_id FROM meta.snapshots")
    assert call("demo", "--home", str(home.path)).exit_code == 0
    assert len(query(home, "SELECT snapshot_id FROM meta.snapshots")) == len(before) + 1
    sql = "SELECT control_id, subject_id, raw_status FROM compliance.control_results WHERE raw_status = 'fail' ORDER BY ALL"
    # A point more or less may be there by now; nobody has deleted or tampered with anything else.
    lost = [row for row in query(home, sql) if row[0] in ("recovery-point-deleted-early", "recovery-point-tampered")]
    assert lost == [
        r for r in query(demo.home, sql) if r[0] in ("recovery-point-deleted-early", "recovery-point-tampered")
    ]


def test_the_demo_and_its_policy_keep_out_of_a_home_with_real_clouds(
    demo: Demo, configure: Configure, tmp_path: Path
) -> None:
    with serve([PAGE_SHAPED]) as service:
        configure(elsewhere=service.cloud())
        assert call("run", "--home", str(tmp_path / "real")).exit_code == 0
        assert "holds elsewhere" in failed("demo", "--home", str(tmp_path / "real"))
        assert not (tmp_path / "real" / "policy.yaml").exists()
        shutil.copytree(demo.home.path, tmp_path / "copy")
        assert "is the demo's" in failed("run", "--home", str(tmp_path / "copy"))


def test_run_loads_exactly_what_another_service_serves(configure: Configure, tmp_path: Path) -> None:
    served = [PAGE_SHAPED, server("s2", resource_id="server-2"), volume("v1")]
    with serve(served) as service:
        configure(elsewhere=service.cloud())
        result = call("run", "--home", str(tmp_path / "real"))
    assert result.exit_code == 0, result.stderr
    home = Home(tmp_path / "real")
    assert query(home, "SELECT id, resource_size, detail_loaded FROM cbr.backups ORDER BY 1") == [
        ("backup-1", 80, True), ("s2", 40, True), ("v1", 40, True),
    ]  # fmt: skip
    assert query(home, "SELECT backup_id, id FROM cbr.children ORDER BY 1") == [
        ("backup-1", "child-1"),
        ("s2", "child-of-s2"),
    ]
    assert query(
        home, "SELECT backup_id, app_consistency_error_code FROM cbr.extend_info WHERE app_consistency = '2'"
    ) == [("backup-1", "7")]
    assert query(home, "SELECT backup_id, destination_region FROM cbr.replication_records") == [
        ("backup-1", "region-9")
    ]
    assert query(home, "SELECT DISTINCT scope FROM cbr.backups") == [("elsewhere",)]


def test_run_takes_its_home_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CBR_HOME", str(tmp_path / "there"))
    assert call("run").exit_code == 0
    assert (tmp_path / "there" / "warehouse.duckdb").exists()


def test_two_clouds_stand_side_by_side(configure: Configure, tmp_path: Path) -> None:
    with serve([server("a")]) as one, serve([server("b")]) as two:
        configure(one=one.cloud(), two=elsewhere(two))
        assert call("run", "--home", "h").exit_code == 0
    assert query(Home(tmp_path / "h"), "SELECT scope, id FROM cbr.backups ORDER BY 1") == [("one", "a"), ("two", "b")]


def test_one_cloud_that_fails_does_not_stop_the_others(configure: Configure, tmp_path: Path) -> None:
    with serve([server("a")]) as one, serve([server("b")]) as two:
        configure(one=one.cloud(), two=elsewhere(two))
        assert call("run", "--home", "h").exit_code == 0
        bad = elsewhere(two) | {"auth": two.cloud()["auth"] | {"password": "hush-hush"}}
        one.cbr.backups.add(server("c"))  # type: ignore[attr-defined]
        configure(one=one.cloud(), two=bad)
        result = call("run", "--home", "h")
    assert result.exit_code == 1
    assert "two: IAM at" in result.stderr
    assert "refused user" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "hush" not in result.stderr
    assert "STALE" in result.stdout
    home = Home(tmp_path / "h")
    assert query(home, "SELECT scope, id FROM cbr.backups ORDER BY 1, 2") == [("one", "a"), ("one", "c"), ("two", "b")]
    assert query(home, "SELECT DISTINCT scope, is_stale FROM compliance.summary ORDER BY 1") == [
        ("one", False),
        ("two", True),
    ]


def test_a_reading_that_is_not_complete_fails_the_run_and_keeps_what_was(configure: Configure, tmp_path: Path) -> None:
    with serve([server("a"), server("b")]) as one:
        configure(one=one.cloud())
        assert call("run", "--home", "h").exit_code == 0
        plain = one.cbr.list
        one.cbr.list = lambda asked: replace(plain(asked), body=plain(asked).body | {"count": 7})  # type: ignore[method-assign]
        result = call("run", "--home", "h")
    assert result.exit_code == 1
    assert "2 backups were read where the service counts 7" in result.stderr
    assert query(Home(tmp_path / "h"), "SELECT count(*) FROM cbr.backups") == [(2,)]


def test_a_problem_with_every_cloud_leaves_the_published_file_untouched(
    service: Sandbox, configure: Configure, tmp_path: Path
) -> None:
    configure(prod=service.cloud())
    assert call("run", "--home", "h").exit_code == 0
    file = tmp_path / "h" / "warehouse.duckdb"
    before = file.stat()
    cloud = service.cloud()
    configure(prod=cloud | {"auth": cloud["auth"] | {"password": "hush-hush"}})
    said = failed("run", "--home", "h")
    assert "refused user" in said
    assert "hush" not in said
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "not-this-one"}, "The username or password is wrong"),
        ({"auth_url": "http://127.0.0.1:9/v3"}, "can't be reached"),
        ({"project_name": f"{REGION}_closed"}, "may not read its backups"),
    ],
)
def test_bad_credentials_end_in_one_line(
    service: Sandbox, configure: Configure, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("CBR_RETRY_SECONDS", "0.05")
    cloud = service.cloud()
    configure(prod=cloud | {"auth": cloud["auth"] | change})
    assert said in failed("run")


def test_an_unreachable_endpoint_ends_in_one_line(
    service: Sandbox, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBR_RETRY_SECONDS", "0.1")
    configure(prod=service.cloud() | {"cbr_endpoint_override": "http://127.0.0.1:9"})
    assert "gave no valid response in 0.1 s" in failed("run")


def test_an_unknown_cloud_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBR_CLOUDS", "nowhere")
    assert "cloud 'nowhere' is not in clouds.yaml" in failed("run")


def test_a_broken_clouds_file_ends_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text("clouds: [")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.setenv("CBR_CLOUDS", "prod")
    assert "is not YAML" in failed("run")


def test_a_home_that_can_not_be_written_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "can't be written" in failed("run", "--home", str(tmp_path / "file"))
    assert "can't be written" in failed("demo", "--home", "/proc/nowhere")


@pytest.mark.parametrize("arguments", [["run", "--hom"], ["nonsense"], ["show"], ["show", "x", "--as", "xml"]])
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


def test_verbose_shows_dagsters_events(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", "--verbose"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert "STEP_SUCCESS" in done.stdout + done.stderr


def test_show_prints_the_body_as_it_was_sent(configure: Configure) -> None:
    with serve([PAGE_SHAPED]) as service:
        configure(prod=service.cloud())
        result = call("show", "backup-1", "--cloud", "prod")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"backup": PAGE_SHAPED}


def test_show_prints_the_rows_of_every_table(configure: Configure) -> None:
    with serve([PAGE_SHAPED | {"name": "x\x1b[31m[red]<script>"}]) as service:
        configure(prod=service.cloud())
        result = call("show", "backup-1", "--cloud", "prod", "--as", "rows")
    assert result.exit_code == 0
    for word in (
        "backups 1 of 1",
        "children 1 of 1",
        "extend_info 2 of 2",
        "replication_records 1 of 1",
        "disk-snapshot-1",
    ):
        assert word in result.stdout
    assert "x\\x1b[31m[red]<script>" in result.stdout


def test_show_says_that_there_is_no_such_backup(service: Sandbox, configure: Configure) -> None:
    configure(prod=service.cloud())
    assert "has no backup nonsense" in failed("show", "nonsense", "--cloud", "prod")
