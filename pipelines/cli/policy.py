"""`cbr-warehouse policy`: check, schema and explain for policy.yaml and waivers.yaml."""

import json
from pathlib import Path

import click

from pipelines.cli.options import home_option, selected_home
from pipelines.errors import PolicyError


@click.group()
def policy() -> None:
    """Check and explain the policy and the waivers."""


@policy.command()
@click.argument("kind", type=click.Choice(["policy", "waivers"]), default="policy")
def schema(kind: str) -> None:
    """Print the JSON Schema of policy or waivers files."""
    from pipelines.policy.schema import json_schema

    click.echo(json.dumps(json_schema(kind), indent=2))


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a policy or waivers FILE.

    Lists every problem with its line. Exits with 1 if there is one.
    """
    from pipelines.models.project import project
    from pipelines.policy.check import check_file

    checked = check_file(file, project().controls)
    for problem in checked.problems:
        click.echo(f"{file}:{problem.line}: {problem.message}")
    if checked.problems:
        raise PolicyError(f"{file} has {len(checked.problems)} problems", "Correct them: no run accepts the file.")
    click.echo(f"{file} is a valid {checked.kind} file")


@policy.command()
@click.argument("resource")
@home_option
def explain(resource: str, home: str | None) -> None:
    """Show the tier and the waivers of a resource.

    RESOURCE is the id or the name of a resource. The rule that gave it the tier is named.
    """
    from pipelines.reports import explain as explanation

    for line in explanation.explain(selected_home(home).warehouse, resource):
        click.echo(line)
