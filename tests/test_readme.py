"""The README is true: its output, its queries, its tables."""

import re
from pathlib import Path

import pytest

from pipelines.duck import connect
from pipelines.models.project import project
from pipelines.policy.check import check_policy, check_waivers
from pipelines.policy.force import known
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
