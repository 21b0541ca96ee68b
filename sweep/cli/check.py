"""`sweep check`: whether a study works, and how long its run may take."""

import json

import click

from sweep.cli.shared.options import study_command
from sweep.driver.options import Options
from sweep.driver.verify.dry_run import dry_run
from sweep.machine import size_text
from sweep.study.study import Study
from sweep.text import duration, metrics_text
from sweep.workers.process.kernel import slower


@study_command
@click.option("--seconds", type=click.FloatRange(0), default=20.0, show_default=True,
              help="How long to train the first trial.")  # fmt: skip
def check(study: Study, seconds: float) -> None:
    """Validate a study, try its first trial and estimate the run.

    Starts no run and writes nothing.
    """
    tried = dry_run(study, seconds)
    n_epochs, per_epoch = len(tried.epochs), tried.seconds / len(tried.epochs)
    click.echo(f"{study.name}: the search space, the data and the training work")
    if forced := slower():
        click.echo(forced)
    click.echo(f"data: loaded in {duration(tried.load_seconds)}")
    click.echo(f"trial 0: {json.dumps(tried.params)}")
    whole = ", the whole training" if tried.finished else ""
    click.echo(f"        {n_epochs} epochs, {duration(per_epoch)} each{whole}; "
               f"last: {metrics_text(tried.epochs[-1].metrics)}")  # fmt: skip
    state = size_text(tried.checkpoint_bytes) if tried.checkpoint_bytes else "none"
    click.echo(f"memory: {size_text(tried.peak_bytes)} in one process; checkpoint: {state}")
    if tried.finished:
        what, per_trial, hint = "such trials", tried.seconds, ", less what pruning saves"
    else:
        what, per_trial = "trials of 10 such epochs", 10 * per_epoch
        hint = "; give more --seconds for a better estimate"
    n_slots = Options().n_slots
    total = duration(per_trial * study.trials / n_slots)
    click.echo(f"estimate: {study.trials} {what} on {n_slots} slots take about {total}{hint}")
