"""cbr-warehouse as a user meets it."""

import json
import os
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


def run_outside_a_test(folder: Path, clouds: dict[str, Any]) -> Home:
    """Publish a home with `cbr-warehouse run`, for several tests to look at."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(folder, **clouds)))
        patched.setenv("CBR_CLOUDS", ",".join(clouds))
        patched.setenv("CBR_REQUESTS_PER_SECOND", "100000")
        result = call("run", "--home", str(folder / "home"))
    assert result.exit_code == 0, result.stderr
    return Home(folder / "home")


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the cloud `elsewhere` in it."""
    with serve([PAGE_SHAPED, server("s2", resource_id="server-2"), volume("v1")]) as service:
        return run_outside_a_test(tmp_path_factory.mktemp("run"), {"elsewhere": service.cloud()})


@pytest.fixture(scope="module")
def two_clouds_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    with serve([server("a")]) as one, serve([server("b")]) as two:
        return run_outside_a_test(tmp_path_factory.mktemp("two"), {"one": one.cloud(), "two": elsewhere(two)})


@pytest.fixture
def two_clouds(two_clouds_once: Home, tmp_path: Path) -> Home:
    """A home of its own with the clouds `one` and `two` in it."""
    home = Home(tmp_path / "h")
    shutil.copytree(two_clouds_once.path, home.path)
    return home


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
    demo: Demo, run_once: Home, configure: Configure, tmp_path: Path
) -> None:
    assert "holds elsewhere" in failed("demo", "--home", str(run_once.path))
    assert not (run_once.path / "policy.yaml").exists()
    with serve([PAGE_SHAPED]) as service:
        configure(elsewhere=service.cloud())
        shutil.copytree(demo.home.path, tmp_path / "copy")
        assert "is the demo's" in failed("run", "--home", str(tmp_path / "copy"))


def test_run_loads_exactly_what_another_service_serves(run_once: Home) -> None:
    home = run_once
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


def test_two_clouds_stand_side_by_side(two_clouds_once: Home) -> None:
    assert query(two_clouds_once, "SELECT scope, id FROM cbr.backups ORDER BY 1") == [("one", "a"), ("two", "b")]


def test_one_cloud_that_fails_does_not_stop_the_others(two_clouds: Home, configure: Configure) -> None:
    home = two_clouds
    with serve([server("a"), server("c")]) as one, serve([server("b")]) as two:
        bad = elsewhere(two) | {"auth": two.cloud()["auth"] | {"password": "hush-hush"}}
        configure(one=one.cloud(), two=bad)
        result = call("run", "--home", "h")
    assert result.exit_code == 1
    assert "two: IAM at" in result.stderr
    assert "refused user" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "hush" not in result.stderr
    assert "STALE" in result.stdout
    assert query(home, "SELECT scope, id FROM cbr.backups ORDER BY 1, 2") == [("one", "a"), ("one", "c"), ("two", "b")]
    assert query(home, "SELECT DISTINCT scope, is_stale FROM compliance.summary ORDER BY 1") == [
        ("one", False),
        ("two", True),
    ]


def test_a_reading_that_is_not_complete_fails_the_run_and_keeps_what_was(
    two_clouds: Home, configure: Configure
) -> None:
    with serve([server("a"), server("c")]) as one:
        configure(one=one.cloud())
        plain = one.cbr.list
        one.cbr.list = lambda asked: replace(plain(asked), body=plain(asked).body | {"count": 7})  # type: ignore[method-assign]
        result = call("run", "--home", "h")
    assert result.exit_code == 1
    assert "2 backups were read where the service counts 7" in result.stderr
    assert query(two_clouds, "SELECT id FROM cbr.backups WHERE scope = 'one'") == [("a",)]


def test_a_problem_with_every_cloud_leaves_the_published_file_untouched(
    service: Sandbox, two_clouds: Home, configure: Configure
) -> None:
    file = two_clouds.warehouse
    before = file.stat()
    cloud = service.cloud()
    configure(one=cloud | {"auth": cloud["auth"] | {"password": "hush-hush"}})
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


def test_run_takes_its_home_from_the_environment_and_verbose_shows_dagsters_events(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", "--verbose"],
        env=os.environ | {"CBR_HOME": str(tmp_path / "there")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert "STEP_SUCCESS" in done.stdout + done.stderr
    assert (tmp_path / "there" / "warehouse.duckdb").exists()


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
