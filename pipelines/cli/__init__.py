"""cbr-warehouse on the command line.

Each command is a module of this folder. A WarehouseError is printed as one line on standard error, with exit code 1.
Wrong usage exits with 2, an interrupt with 130 or 143, as shells expect.
"""

import atexit
import gc
import logging
import sys
from typing import Any

import click

from pipelines.cli.asking import query, report, status
from pipelines.cli.keeping import build, catalog, prune, replay, verify
from pipelines.cli.looking import sandbox, show
from pipelines.cli.policing import policy
from pipelines.cli.proving import evidence
from pipelines.cli.running import demo, run
from pipelines.cli.signals import Signals, interruptible
from pipelines.errors import WarehouseError

_SIGINT = 130  # the exit code
_INTERRUPTED = "interrupted"


class _Group(click.Group):
    """Ends every command that meets a WarehouseError with its one line."""

    def invoke(self, ctx: click.Context) -> Any:
        signals = ctx.find_object(Signals)
        try:
            return super().invoke(ctx)
        except WarehouseError as problem:
            said = str(problem)
        except (KeyboardInterrupt, click.Abort) as interrupt:
            gc.collect()  # a block that the signal kept from being left is left now: a draft is removed
            click.echo(f"cbr-warehouse: {str(interrupt) or _INTERRUPTED}", err=True)
            raise click.exceptions.Exit((signals and signals.exit_code) or _SIGINT) from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click knows them
        except Exception as error:
            if signals and signals.exit_code:  # whatever it led to
                click.echo(f"cbr-warehouse: {_INTERRUPTED}", err=True)
                raise click.exceptions.Exit(signals.exit_code) from None
            if "--verbose" in sys.argv:
                raise
            # Its text may quote what nobody should see.
            again = "Run again with --verbose, and report it" if _has_verbose(self, ctx) else "Report it"
            said = f"{ctx.invoked_subcommand} failed unexpectedly ({type(error).__name__}). {again}."
        click.echo(f"cbr-warehouse: {said}", err=True)
        raise click.exceptions.Exit(1)


def _has_verbose(group: click.Group, ctx: click.Context) -> bool:
    command = group.get_command(ctx, ctx.invoked_subcommand or "")
    return command is not None and any(option.name == "verbose" for option in command.params)


@click.group(cls=_Group)
@click.version_option(package_name="cbr-warehouse")
def main() -> None:
    """Load cloud backups of Huawei Cloud CBR, and say what could be restored."""
    warnings = logging.StreamHandler()
    warnings.setFormatter(logging.Formatter("cbr-warehouse: warning: %(message)s"))
    logging.getLogger("pipelines").handlers = [warnings]


for _command in (
    demo,
    run,
    status,
    query,
    report,
    build,
    replay,
    catalog,
    verify,
    prune,
    policy,
    evidence,
    show,
    sandbox,
):
    main.add_command(_command)


def entry() -> None:
    """Run a command in a process of its own."""
    # Most of what it imports and makes lives to its end: looking through that for garbage costs a fifth of a small run.
    gc.set_threshold(200_000, 100, 100)
    atexit.register(gc.freeze)
    with interruptible() as signals:
        main(obj=signals)
