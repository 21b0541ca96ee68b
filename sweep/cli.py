"""This file is the command line: it reads options and says what failed."""

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from sweep import interruption, screens
from sweep import report as report_files
from sweep.arguments import chosen_study, open_run, study_arguments, trial_of
from sweep.console import LiveStatus, Terminal
from sweep.errors import OptionError, SweepError
from sweep.export import FORMATS
from sweep.options import Options
from sweep.rehearsal import rehearse
from sweep.replaying import other_suggestions, retrain, version_for, versions_of
from sweep.run import run as run_study

EXIT_FAILURE = 1
EXIT_MISTAKE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0 when done, 1 after a failure that is ours, 2 after a mistake that the user can mend,
        130 when interrupted.
    """
    try:
        result = cli.main(args=argv, prog_name="python -m sweep", standalone_mode=False)
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
@click.version_option(package_name="sweep")
def cli() -> None:
    """Hyperparameter sweeps that survive every kill: running again is going on."""


@cli.command()
@study_arguments
@click.option("--name", default="", help="Of the run directory.  [default: the study's]")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="The directory of all run directories.")  # fmt: skip
@click.option("--storage", metavar="URL", help="Keep the records in a PostgreSQL database, "
              "postgresql://user@host/database.  [default: a SQLite file]")  # fmt: skip
@click.option("--hours", type=float, help="Stop after so long; the same command goes on.")
@click.option(
    "--slots", type=click.IntRange(1), help="How many trials at a time.  [default: cores]"
)
@click.option("--cpus-per-slot", type=click.IntRange(1), default=1, show_default=True,
              help="Cores, and BLAS threads, of each.")  # fmt: skip
@click.option("--memory-per-slot", metavar="SIZE",
              help="As 2GiB: end a trial (oom) that takes more, shared data aside.")  # fmt: skip
@click.option("--pool", type=click.Choice(["ray", "inline"]), default="ray", show_default=True,
              help="inline: one trial at a time in this process, for breakpoints.")  # fmt: skip
@click.option("--address", type=click.Choice(["local", "auto"]), default="local",
              show_default=True, help="auto: join the Ray cluster that runs here.")  # fmt: skip
@click.option("--retries", type=click.IntRange(0), default=2, show_default=True,
              help="How often a trial is tried again whose process died.")  # fmt: skip
@click.option("--trial-timeout", type=float, metavar="SECONDS",
              help="End a trial for good after so long, stuck or not.")  # fmt: skip
@click.option("--accept-changes", is_flag=True,
              help="Go on although the study has changed; that it did is on record.")  # fmt: skip
@click.option("--deterministic", is_flag=True, help="The same table on any number of slots.")
@click.option("--quiet", is_flag=True, help="Print nothing but the result.")
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
    chosen = Options(**{name: value for name, value in options.items() if value is not None})
    console = Terminal(quiet=quiet)
    with interruption.interruptible(), LiveStatus(console) as status_line:
        result = run_study(declared, chosen, status_line)
    screens.result(result, declared.trials)
    has_come_to_something = result.best is not None or chosen.hours < math.inf
    return 0 if has_come_to_something and not result.final_failure else EXIT_MISTAKE


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
    screens.rehearsal(declared, rehearse(declared, seconds), Options().n_slots)


@cli.command()
@click.argument("run", metavar="RUN")
def status(run: str) -> None:
    """Show how a run stands, while it works or after."""
    screens.status(open_run(run))


@cli.command()
@click.argument("run", metavar="RUN")
def report(run: str) -> None:
    """Make a run's tables, plots and report again."""
    opened = open_run(run)
    report_files.write(opened)
    click.echo(opened.folder.report)


@cli.command()
@click.argument("run", metavar="RUN")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True)
@click.option("--table", metavar="NAME", default="trials", show_default=True,
              help=f"{', '.join(screens.TABLES)}, or one that the study declares.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="A file to write.  [default: standard output]")  # fmt: skip
def export(run: str, format_: str, table: str, output: Path | None) -> None:
    """Print a table as CSV, Markdown, LaTeX or JSON."""
    text = screens.exported(open_run(run), table, format_)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text)
    except OSError as error:
        raise OptionError(
            f"--output {output}: expected a file that can be written, got {error.strerror!r}"
        ) from error


@cli.command()
@click.argument("run", metavar="RUN")
@click.argument("trial", type=click.IntRange(0))
def show(run: str, trial: int) -> None:
    """Show all of one trial, its traceback included."""
    opened = open_run(run)
    screens.show(opened, trial_of(opened, trial))


@cli.command()
@click.argument("run", metavar="RUN")
@click.option("--trial", type=click.IntRange(0), help="Train this one again, and compare.")
@click.option("--study", default="", metavar="STUDY.py", help="Where the study file is now.")
def replay(run: str, trial: int | None, study: str) -> int:
    """Verify every suggestion, or train a trial again.

    Exits with 1 if anything is not what it was, to the bit.
    """
    opened = open_run(run)
    versions = versions_of(opened, study)
    if trial is None:
        equal = screens.suggestions(opened, other_suggestions(versions, opened.records))
    else:
        record = trial_of(opened, trial)
        equal = screens.training(record, retrain(version_for(versions, trial), record))
    return 0 if equal else EXIT_FAILURE


@cli.command()
@click.argument("run", metavar="RUN")
def best(run: str) -> None:
    """Show the best configuration, and how to load its weights."""
    screens.best(open_run(run))
