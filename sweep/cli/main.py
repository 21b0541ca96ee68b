"""The command line: the list of commands, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence

import click

from sweep.cli.best import best
from sweep.cli.check import check
from sweep.cli.compare import compare
from sweep.cli.dashboard import dashboard
from sweep.cli.export import export
from sweep.cli.replay import replay
from sweep.cli.report import report
from sweep.cli.run import EXIT_INTERRUPTED, INTERRUPTED, run
from sweep.cli.show import show
from sweep.cli.status import status
from sweep.cli.submit import submit
from sweep.errors import SweepError

EXIT_MISTAKE = 2


@click.group(
    commands=[run, submit, check, status, report, export, show, best, compare, replay, dashboard],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="sweep-netlib")
def cli() -> None:
    """Hyperparameter sweeps that survive every kill: run the same command again to resume."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Words after the program's name; those of this process if None.

    Returns:
        0 when done, 2 after an error that the user can fix, 130 when interrupted; 1 if a replay
        differs. A bug in sweep raises, and Python exits with 1.
    """
    try:
        result = cli.main(args=argv, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see `{context.command_path} --help`" if context else ""
        line = " ".join(error.format_message().split()).rstrip(".")
        click.echo(f"error: {line}{hint}", err=True)
        return EXIT_MISTAKE
    except SweepError as error:
        click.echo(f"error: {error}", err=True)
        return EXIT_MISTAKE
    except (KeyboardInterrupt, click.Abort):
        click.echo(INTERRUPTED, err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of the output is gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED
    return result if isinstance(result, int) else 0
