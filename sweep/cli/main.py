"""This file is the command line: it reads options and says what failed."""

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from sweep.cli import screens
from sweep.cli import signals as interruption
from sweep.cli import submit as submission
from sweep.cli.options import chosen_study, given_words, run_options, study_arguments
from sweep.cli.results import READING
from sweep.cli.terminal import LiveStatus, Terminal
from sweep.driver.dry_run import dry_run
from sweep.driver.options import Options
from sweep.driver.run import run as run_study
from sweep.errors import SweepError

PROGRAM = "sweep"


EXIT_FAILURE = 1


EXIT_MISTAKE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0 when done, 1 after a failure that is ours, 2 after a mistake that the user can mend,
        130 when interrupted.
    """
    by_name = Path(sys.argv[0]).name == PROGRAM
    try:
        result = cli.main(args=argv, prog_name=PROGRAM if by_name else f"python -m {PROGRAM}",
                          standalone_mode=False)  # fmt: skip
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see `{context.command_path} --help`" if context else ""
        click.echo(f"error: {error.format_message().rstrip('.')}{hint}", err=True)
        return EXIT_MISTAKE
    except SweepError as error:
        click.echo(f"error: {error}", err=True)
        return EXIT_MISTAKE
    except (KeyboardInterrupt, click.Abort):
        click.echo(interruption.MESSAGE, err=True)
        return interruption.EXIT_CODE
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return interruption.EXIT_CODE
    return result if isinstance(result, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sweep-netlib")
def cli() -> None:
    """Hyperparameter sweeps that survive every kill: running again is going on."""


@cli.command()
@study_arguments
@run_options
@click.option("--pool", type=click.Choice(["ray", "inline"]), default="ray", show_default=True,
              help="inline: one trial at a time in this process, for breakpoints.")  # fmt: skip
@click.option("--address", default="local", show_default=True, metavar="local|auto",
              help="auto: join the Ray cluster that this machine is a node of.")  # fmt: skip
def run(
    study: Path,
    trials: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    deterministic: bool,  # noqa: FBT001 - click passes flags by name
    quiet: bool,  # noqa: FBT001 - click passes flags by name
    **options: Any,
) -> int:
    """Start a study's run, or go on with it.

    Once all trials are done, it says so and changes nothing.
    """
    declared = chosen_study(study, trials, seed, settings)
    declared = replace(declared, deterministic=deterministic or declared.deterministic)
    chosen = _options(options)
    console = Terminal(quiet=quiet)
    with interruption.interruptible(), LiveStatus(console) as status_line:
        result = run_study(declared, chosen, status_line)
    screens.result(result, declared.trials, with_table=console.is_terminal and not quiet)
    has_come_to_something = result.best is not None or chosen.hours < math.inf
    return 0 if has_come_to_something and not result.final_failure else EXIT_MISTAKE


@cli.command()
@study_arguments
@run_options
@click.option("--address", required=True, metavar="http://HEAD:8265",
              help="The cluster's job server.")  # fmt: skip
@click.pass_context
def submit(
    context: click.Context,
    /,
    study: Path,
    trials: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    address: str,
    **options: Any,
) -> int:
    """Run a study as a job of a Ray cluster.

    Its folder goes along. Ctrl-C stops the job; a terminal that closes does not. Submitted again,
    it goes on.
    """
    chosen_study(study, trials, seed, settings)  # a mistake shows here and now
    chosen = _options(options | {"address": "auto"})
    words = given_words(context, "study", "address")
    return submission.submit(study, address, words, chosen)


@cli.command()
@study_arguments
@click.option("--seconds", type=click.FloatRange(0), default=20.0, show_default=True,
              help="How long to try the first trial.")  # fmt: skip
def check(
    study: Path, trials: int | None, seed: int | None, settings: tuple[str, ...], seconds: float
) -> None:
    """Validate a study, try its first trial, estimate the run.

    Nothing is started and nothing is written.
    """
    declared = chosen_study(study, trials, seed, settings)
    screens.rehearsal(declared, dry_run(declared, seconds), Options().n_slots)


for command in READING:
    cli.add_command(command)


def _options(given: dict[str, Any]) -> Options:
    """Those of the command line that say how a study is run."""
    names = {field.name for field in fields(Options)} & given.keys()
    return Options(**{name: given[name] for name in names if given[name] is not None})
