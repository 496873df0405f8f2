"""The commands about the policy and the waivers: policy schema, check, explain."""

import json
from pathlib import Path

import click

from pipelines.cli.options import chosen_home, home_option
from pipelines.errors import WarehouseError


@click.group()
def policy() -> None:
    """Look at the policy file and the waiver file."""


@policy.command()
@click.argument("kind", type=click.Choice(["policy", "waivers"]), default="policy")
def schema(kind: str) -> None:
    """Print the JSON Schema of a policy file, or of a waivers file, for editors."""
    from pipelines.policy.schema import json_schema

    click.echo(json.dumps(json_schema(kind), indent=2))


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether FILE, a policy or a waivers file, is valid; else list every problem with its line."""
    from pipelines.models.project import project
    from pipelines.policy.check import check_policy, check_waivers, listed, text_of
    from pipelines.policy.document import read_document
    from pipelines.policy.force import known

    text = text_of(file)
    value = read_document(text).value
    if isinstance(value, dict) and "waivers" in value:
        kind, (_, faults) = "waivers", check_waivers(text, known(project().controls))
    else:
        kind, (_, faults) = "policy", check_policy(text)
    for line in listed(faults, file):
        click.echo(line)
    if faults:
        raise WarehouseError(f"{len(faults)} problems in {file}", "No run accepts it as it is.")
    click.echo(f"{file} is a valid {kind} file")


@policy.command()
@click.argument("resource")
@home_option
def explain(resource: str, home: str | None) -> None:
    """Say which rule gave RESOURCE, an id or a name, its tier, and which waivers concern it."""
    from pipelines.policy import explain as explaining

    for line in explaining.explain(chosen_home(home).warehouse, resource):
        click.echo(line)
