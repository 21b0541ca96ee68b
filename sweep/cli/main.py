"""The command line: the list of commands, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedWriter, TextIOWrapper
from pathlib import Path

import click

from sweep.cli.shared.commands import Commands
from sweep.cli.shared.exits import EXIT_INTERRUPTED, EXIT_MISTAKE, INTERRUPTED
from sweep.errors import SweepError
from sweep.files import STANDARD_OUTPUT, StandardOutput


@click.group(
    cls=Commands,
    names=(
        "init",
        "run",
        "submit",
        "check",
        "status",
        "enqueue",
        "report",
        "export",
        "show",
        "best",
        "compare",
        "replay",
        "dashboard",
    ),
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
        differs, or nobody reads the output any more. A bug in sweep raises, and Python exits with
        1.
    """
    _prepare_output()
    try:
        result = cli.main(args=argv, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see `{context.command_path} --help`" if context else ""
        line = " ".join(error.format_message().split()).rstrip(".")
        _complain(f"error: {line}{hint}")
        return EXIT_MISTAKE
    except SweepError as error:
        _complain(f"error: {error}")
        return EXIT_MISTAKE
    except (KeyboardInterrupt, click.Abort):
        _complain(INTERRUPTED)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # nobody reads the output any more
        _give_up_output()
        return EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            return _refused(error)
        _complain("this is a bug in sweep; please report it with what follows")
        raise
    return result if isinstance(result, int) else 0


def _prepare_output() -> None:
    """Make sure that there are output streams, which take any text and are named in errors."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: the next file to be opened would get its number
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - it stays open
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout is sys.__stdout__:
        raw, former = StandardOutput(sys.stdout.fileno(), "w", closefd=False), sys.stdout
        sys.stdout = TextIOWrapper(
            raw if former.write_through else BufferedWriter(raw),
            former.encoding,
            "backslashreplace",
            line_buffering=former.line_buffering,
            write_through=former.write_through,
        )


def _complain(line: str) -> None:
    with suppress(OSError):
        click.echo(line, err=True)


def _refused(error: OSError) -> int:
    """Tell in a line what the operating system refused."""
    if error.filename == STANDARD_OUTPUT:
        _give_up_output()
    place = "" if error.filename is None else f"{error.filename}: "
    _complain(f"error: {place}{error.strerror}. Fix that and run again; no finished work is lost")
    return EXIT_MISTAKE


def _give_up_output() -> None:
    """Keep Python from complaining again when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
