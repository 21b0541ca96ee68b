"""`sweep enqueue`: parameters for the next trial of a run."""

import math
from collections.abc import Sequence

import click

from sweep.cli.options import run_command
from sweep.reports.results import Run
from sweep.text import counted
from sweep.trials.by_hand import read_params


@run_command
@click.argument("params", nargs=-1, required=True, metavar="NAME=VALUE...")
def enqueue(run: Run, params: Sequence[str]) -> None:
    """Let the next trial of a run use these parameters, also while it is running.

    The sampler draws those that are not given. They wait until a trial begins.
    """
    given = run.enqueue(read_params(params, run.domains))
    shown = ", ".join(f"{name}={value}" for name, value in given.items())
    click.echo(f"enqueued for {run.name}: {shown} ({counted(run.n_enqueued, 'trial')} waiting)")
    most = run.about.get("limits", {}).get("trials", math.inf)
    if len(run.records) >= most:
        click.echo(f"all {most} trials have begun: run it with more --trials")
