"""`sweep export`: one table of a run, in a format of choice."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sweep.cli.shared.options import run_command
from sweep.errors import OptionError
from sweep.reports import fronts, tables
from sweep.reports.formats import FORMATS, of_comparison
from sweep.reports.results import Run

TABLES: dict[str, Callable[[Run], Any]] = {
    "trials": Run.trials,
    "epochs": Run.epochs,
    "summary": lambda run: tables.summary(run.records),
    "front": lambda run: tables.leaders(
        run.front, run.metric, run.sign, len(run.front), fronts.cells(run)
    ),
    "progression": lambda run: tables.progression(run.records, run.metric, run.sign),
}
"""The tables of every run, by name."""


@run_command
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True)
@click.option("--table", metavar="NAME", default="trials", show_default=True,
              help=f"One of {', '.join(TABLES)}, or a table that the study declares.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="Write to a file (must not exist).  [default: print]")  # fmt: skip
def export(run: Run, format_: str, table: str, output: Path | None) -> None:
    """Print a table as CSV, Markdown, LaTeX, JSON or Parquet."""
    declared = run.comparisons()
    if table in TABLES:
        content = FORMATS[format_](TABLES[table](run))
    elif table in declared:
        content = of_comparison(declared[table], format_)
    else:
        known = ", ".join([*TABLES, *declared])
        raise OptionError(f"--table: expected one of {known}, got {table!r}")
    if output is None:
        print_table(content)
    else:
        _write_new(output, content)


def print_table(content: str | bytes) -> None:
    """Print a table.

    Raises:
        OptionError: If it is binary and would be printed on a terminal.
    """
    if isinstance(content, bytes) and sys.stdout.isatty():
        raise OptionError("--format parquet: expected a file or a pipe to write to, got a terminal")
    click.echo(content, nl=False)


def _write_new(path: Path, content: str | bytes) -> None:
    begun = False
    try:
        with path.open("xb") as file:
            begun = True
            file.write(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        if begun:
            path.unlink()
        raise OptionError(f"--output {path}: expected a new file that can be written, got "
                          f"{error.strerror!r}; choose another name") from error  # fmt: skip
