"""This file is the commands that read runs and train nothing new."""

import sys
from pathlib import Path

import click

from sweep.cli import dashboard as dashboards
from sweep.cli import screens
from sweep.cli.options import open_run, open_runs, trial_of
from sweep.driver.replay import other_suggestions, retrain, version_for, versions_of
from sweep.errors import OptionError
from sweep.reports import compare as side_by_side
from sweep.reports import write as report_files
from sweep.reports.formats import FORMATS

EXIT_DIFFERENT = 1


@click.command()
@click.argument("run", metavar="RUN")
def status(run: str) -> None:
    """Show how a run stands, while it works or after."""
    screens.status(open_run(run))


@click.command()
@click.argument("run", metavar="RUN")
def report(run: str) -> None:
    """Make a run's tables, plots and report again."""
    opened = open_run(run)
    report_files.write(opened)
    click.echo(opened.directory.report)


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True)
@click.option("--table", metavar="NAME", default="trials", show_default=True,
              help=f"{', '.join(screens.TABLES)}, or one that the study declares.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="A new file.  [default: standard output]")  # fmt: skip
def export(run: str, format_: str, table: str, output: Path | None) -> None:
    """Print a table as CSV, Markdown, LaTeX, JSON or Parquet."""
    _put(screens.exported(open_run(run), table, format_), output)


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("trial", type=click.IntRange(0))
def show(run: str, trial: int) -> None:
    """Show all of one trial, its traceback included."""
    opened = open_run(run)
    screens.show(opened, trial_of(opened, trial))


@click.command()
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
    return 0 if equal else EXIT_DIFFERENT


@click.command()
@click.argument("run", metavar="RUN")
def best(run: str) -> None:
    """Show the best configuration, and how to load its weights."""
    screens.best(open_run(run))


@click.command()
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--table", type=click.Choice(list(side_by_side.TABLES)),
              help="One of them alone.  [default: all, in Markdown]")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="markdown",
              show_default=True)  # fmt: skip
def compare(runs: tuple[str, ...], table: str | None, format_: str) -> None:
    """Compare runs: settings, outcome, learning curves.

    Where the best configurations were trained repeatedly, also how likely their difference is by
    chance alone.
    """
    opened = open_runs(runs)
    if table is None and format_ != "markdown":
        raise OptionError(f"--format {format_}: expected a --table with it, got none; give one of "
                          f"{', '.join(side_by_side.TABLES)}")  # fmt: skip
    if table is None:
        screens.compared(opened)
    else:
        _put(FORMATS[format_](side_by_side.TABLES[table](opened)), None)


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True,
              help="Of this machine.")  # fmt: skip
def dashboard(run: str, port: int) -> None:
    """Show a run in optuna-dashboard, on this machine alone.

    It sees a run that is at work, too, and can change nothing.
    """
    dashboards.serve(open_run(run).directory, port)


def _put(content: str | bytes, output: Path | None) -> None:
    """Prints a table, or writes it to a file that is not there yet."""
    if output is None:
        if isinstance(content, bytes) and sys.stdout.isatty():
            raise OptionError(
                "--format parquet: expected a file or a pipe to write to, got a terminal"
            )
        click.echo(content, nl=False)
        return
    begun = False
    try:
        with output.open("xb") as file:
            begun = True
            file.write(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        if begun:
            output.unlink()
        raise OptionError(
            f"--output {output}: expected a new file that can be written, "
            f"got {error.strerror!r}; choose another name"
        ) from error


READING = (status, report, export, show, replay, best, compare, dashboard)
"""All commands of this file."""
