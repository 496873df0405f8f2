"""The README is true: its output, its queries, its tables."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.models.project import project
from pipelines.policy.check import check_policy, check_waivers
from pipelines.policy.force import known
from pipelines.storage.connection import connect
from tests.conftest import Demo

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
BLOCKS = re.findall(r"```text\n(.*?)```", README, re.DOTALL)


def _shape(text: str) -> list[str]:
    """The lines of a text, with every date and time made the same."""
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\d{8}T\d{6}Z", "T", line).rstrip() for line in text.strip().splitlines()]


def test_the_demo_prints_what_the_readme_shows(demo: Demo) -> None:
    assert _shape(demo.stdout) == _shape(BLOCKS[0])


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_readme_answers_from_the_demo(demo: Demo, query: str) -> None:
    with connect(demo.home.warehouse, read_only=True) as connection:
        assert connection.execute(query).fetchall()


def test_every_relation_that_the_readme_names_is_there(demo: Demo) -> None:
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
        for name in re.findall(r"`(\w+\.[\w*]+)`", row)
    }
    with connect(demo.home.warehouse, read_only=True) as connection:
        found = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
            ).fetchall()
        }
    assert len(named) > 10
    for name in named:
        assert name in found or any(name.endswith(".*") and other.startswith(name[:-1]) for other in found), name


def test_every_file_that_the_readme_names_is_there() -> None:
    for path in re.findall(r"`((?:pipelines|sql)/[\w/.]*)`", README):
        assert (Path(__file__).parents[1] / path).exists(), path


def test_the_policy_and_the_waivers_of_the_readme_are_valid() -> None:
    blocks = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if text.startswith("version: 1")]
    policies = [check_policy(text) for text in blocks if "policy_id" in text]
    waivers = [check_waivers(text, known(project().controls)) for text in blocks if "waivers:" in text]
    assert [(value is not None, faults) for value, faults in [*policies, *waivers]] == [(True, []), (True, [])]


def test_the_units_of_the_readme_are_ones(tmp_path: Path) -> None:
    units = [text for text in re.findall(r"```ini\n(.*?)```", README, re.DOTALL) if "[Service]" in text]
    assert len(units) == 1
    programs = re.findall(r"^ExecStart=/srv/cbr-warehouse/.venv/bin/(\S+)", README, re.MULTILINE)
    assert sorted(programs) == ["dagster-daemon", "dagster-webserver"]
    assert all((Path(sys.executable).parent / program).exists() for program in programs)
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("there is no systemd here")
    unit = tmp_path / "cbr-daemon.service"
    unit.write_text(re.sub(r"/srv/cbr-warehouse/.venv/bin/\S+", "/bin/true", units[0]))
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert "cbr-daemon.service" not in done.stderr, done.stderr


def test_dagster_takes_the_instance_file_of_the_readme(tmp_path: Path) -> None:
    [plain] = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if text.startswith("telemetry")]
    (tmp_path / "dagster.yaml").write_text(plain)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1  # type: ignore[union-attr]


def test_every_setting_of_the_readme_is_read_and_every_one_that_is_read_is_in_it() -> None:
    code = "".join(path.read_text() for path in (Path(__file__).parents[1] / "pipelines").rglob("*.py"))
    read, told = (set(re.findall(r"\bCBR_[A-Z_]+\b", text)) for text in (code, README))
    assert read == told


@pytest.mark.parametrize(
    ("name", "said"),
    [("test_nowhere.py", "file or directory not found"), ("test_config.py::test_nothing", "not found: ")],
)
def test_pytest_says_which_test_it_does_not_find(name: str, said: str) -> None:
    tests = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"tests/{name}"],
        cwd=tests.parent, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, said in done.stderr, name in done.stderr) == (4, True, True)
