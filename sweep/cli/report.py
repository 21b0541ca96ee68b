"""`sweep report`: the files of a run, written again."""

import click

from sweep.cli.shared.options import run_command
from sweep.display.terminal import relative
from sweep.reports.results import Run
from sweep.reports.write import write


@run_command
def report(run: Run) -> None:
    """Write a run's tables, plots and report again."""
    write(run)
    click.echo(relative(run.directory.report))
