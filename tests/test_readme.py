"""The READMEs are true: output, queries, commands, settings, files."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import dagster as dg
import pytest

from pipelines.cli import main
from pipelines.contract.inputs import INPUTS
from pipelines.models.project import project
from pipelines.policy.check import check_policy, check_waivers
from pipelines.storage.connection import connect
from tests.conftest import Demo

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *ROOT.glob("[pst]*/**/*.md")])
}
FRONT = PAGES["README.md"]
ALL = "\n".join(PAGES.values())
QUERIES = re.findall(r"```sql\n(.*?)```", ALL, re.DOTALL)
BLOCKS = re.findall(r"```text\n(.*?)```", FRONT, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", ALL, re.DOTALL)
COMMANDS = sorted(
    {
        line.strip()
        for block in (*re.findall(r"`([^`\n]+)`", ALL), *re.findall(r"```sh\n(.*?)```", ALL, re.DOTALL))
        for part in re.split(r"\n|&&|;", block)
        for line in [re.sub(r"^(?:[A-Z_]+=\S+ +)*(?:\S*/)?(?=cbr-warehouse\b)", "", part.strip())]
        if line.startswith("cbr-warehouse ")
    }
)


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
        for row in re.findall(r"^\| (`.*?) \|", PAGES["sql/README.md"], re.MULTILINE)
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


def test_the_front_page_is_short() -> None:
    assert len(FRONT.encode()) <= 9_000


def test_the_front_page_counts_the_controls() -> None:
    assert re.findall(r"\b(\d+) controls", FRONT) == [str(len(project().controls))]


def test_the_table_of_permissions_is_that_of_the_contract() -> None:
    rows = re.findall(r"^\| (List\w+|Show\w+|CTS \w+) \| (.*?) \| (.*?) \|$", ALL, re.MULTILINE)
    assert [(call, permission.replace("`", ""), purpose) for call, permission, purpose in rows] == [
        (source.call, source.permission, source.purpose) for source in INPUTS
    ]


def test_every_file_that_a_page_names_is_there() -> None:
    for page, text in PAGES.items():
        for path in re.findall(r"`((?:pipelines|sql|tests)/[\w/.]*)`", text):
            assert (ROOT / path).exists(), (page, path)
        for link in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
            assert (ROOT / page).parent.joinpath(link).resolve().exists(), (page, link)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_pages_is_one(command: str) -> None:
    words = shlex.split(command)[1:]
    group: click.Command = main
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in group.commands, command
        group = group.commands[name]
    options = {"--help"} | {
        option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert {word for word in words if word.startswith("-")} <= options, command


def test_the_glossary_is_short_and_in_order() -> None:
    words = re.findall(r"^\| ([a-z ]+) \|", PAGES["pipelines/README.md"].partition("## Glossary")[2], re.MULTILINE)
    assert 10 < len(words) - 1 <= 35
    assert words[1:] == sorted(words[1:])


def test_the_policy_and_the_waivers_of_the_readme_are_valid() -> None:
    blocks = [text for text in YAML if text.startswith("version: 1")]
    policies = [check_policy(text) for text in blocks if "policy_id" in text]
    waivers = [check_waivers(text, project().controls) for text in blocks if "waivers:" in text]
    assert [(value is not None, faults) for value, faults in [*policies, *waivers]] == [(True, []), (True, [])]


def test_the_units_of_the_readme_are_ones(tmp_path: Path) -> None:
    units = [text for text in re.findall(r"```ini\n(.*?)```", ALL, re.DOTALL) if "[Service]" in text]
    assert len(units) == 1
    programs = re.findall(r"^ExecStart=/srv/cbr-warehouse/.venv/bin/(\S+)", ALL, re.MULTILINE)
    assert sorted(programs) == ["dagster-daemon", "dagster-webserver"]
    assert all((Path(sys.executable).parent / program).exists() for program in programs)
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("there is no systemd here")
    unit = tmp_path / "cbr-daemon.service"
    unit.write_text(re.sub(r"/srv/cbr-warehouse/.venv/bin/\S+", "/bin/true", units[0]))
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert "cbr-daemon.service" not in done.stderr, done.stderr


def test_dagster_takes_the_instance_file_of_the_readme(tmp_path: Path) -> None:
    [plain] = [text for text in YAML if text.startswith("telemetry")]
    (tmp_path / "dagster.yaml").write_text(plain)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1  # type: ignore[union-attr]


def test_every_setting_of_the_readme_is_read_and_every_one_that_is_read_is_in_it() -> None:
    code = "".join(path.read_text() for path in (ROOT / "pipelines").rglob("*.py"))
    read, told = (set(re.findall(r"\bCBR_[A-Z_]+\b", text)) for text in (code, ALL))
    assert read == told - {"CBR_HISTORIES"}  # of the tests


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
