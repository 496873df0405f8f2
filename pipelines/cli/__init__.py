"""The command line of cbr-warehouse. Each command is a module named after it.

Errors and interrupts are handled in group.py and signals.py, shared options are in options.py.
"""

import atexit
import gc
import logging

import click

from pipelines.cli import (
    build,
    catalog,
    check,
    demo,
    evidence,
    policy,
    prune,
    query,
    replay,
    report,
    run,
    sandbox,
    show,
    status,
    verify,
)
from pipelines.cli.group import WarehouseGroup
from pipelines.cli.signals import interruptible


@click.group(cls=WarehouseGroup)
@click.version_option(package_name="cbr-warehouse")
def main() -> None:
    """Load the cloud backups of Huawei Cloud CBR, and report what could be restored."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("cbr-warehouse: warning: %(message)s"))
    logging.getLogger("pipelines").handlers = [handler]


main.add_command(demo.demo)
main.add_command(check.check)
main.add_command(run.run)
main.add_command(status.status)
main.add_command(query.query)
main.add_command(report.report)
main.add_command(build.build)
main.add_command(replay.replay)
main.add_command(catalog.catalog)
main.add_command(verify.verify)
main.add_command(prune.prune)
main.add_command(policy.policy)
main.add_command(evidence.evidence)
main.add_command(show.show)
main.add_command(sandbox.sandbox)


def entry() -> None:
    """Run a command in a process of its own."""
    # Most objects live to the end of the process: collecting them as garbage costs a fifth of a small run.
    gc.set_threshold(200_000, 100, 100)
    atexit.register(gc.freeze)
    with interruptible() as signals:
        main(obj=signals)
