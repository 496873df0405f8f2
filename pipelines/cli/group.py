"""The group of all commands: how an error or an interrupt ends one.

A WarehouseError is printed as one line on standard error, with exit code 1. Wrong usage exits with 2, an interrupt with
130 or 143, as shells expect.
"""

import gc
import sys
from typing import Any

import click

from pipelines.cli.signals import Signals
from pipelines.errors import WarehouseError

_FAILURE, _SIGINT = 1, 130  # exit codes
_INTERRUPTED = "interrupted"


class WarehouseGroup(click.Group):
    """A group whose commands end with one line on standard error when they fail."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print its error as one line and exit with the matching code."""
        signals = ctx.find_object(Signals)
        signal_code = 0
        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            message = str(error)
        except (KeyboardInterrupt, click.Abort) as interrupt:
            gc.collect()  # finish the blocks that the signal interrupted, so that drafts are removed
            raise _exit_after(str(interrupt) or _INTERRUPTED, (signals and signals.exit_code) or _SIGINT) from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click handles them
        except Exception as error:
            signal_code = signals.exit_code if signals else 0
            if signal_code:  # an interrupt can end in any error
                message = _INTERRUPTED
            elif "--verbose" in sys.argv:
                raise
            else:
                # The text of the error may quote secrets.
                advice = "Run again with --verbose, and report it" if self._has_verbose(ctx) else "Report it"
                message = f"{ctx.invoked_subcommand} failed unexpectedly ({type(error).__name__}). {advice}."
        raise _exit_after(message, signal_code or _FAILURE)

    def _has_verbose(self, ctx: click.Context) -> bool:
        command = self.get_command(ctx, ctx.invoked_subcommand or "")
        return command is not None and any(option.name == "verbose" for option in command.params)


def _exit_after(message: str, code: int) -> click.exceptions.Exit:
    """Print a message on standard error and return the exit to raise."""
    click.echo(f"cbr-warehouse: {message}", err=True)
    return click.exceptions.Exit(code)
