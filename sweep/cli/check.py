"""`sweep check`: whether a study works, and how long its run may take."""

import json

import click

from sweep.cli.options import DEFAULTS, study_command
from sweep.driver.dry_run import dry_run
from sweep.study.study import Study
from sweep.text import duration, metrics_text


@study_command
@click.option("--seconds", type=click.FloatRange(0), default=20.0, show_default=True,
              help="How long to train the first trial.")  # fmt: skip
def check(study: Study, seconds: float) -> None:
    """Validate a study, try its first trial and estimate the run.

    Starts no run and writes nothing.
    """
    tried = dry_run(study, seconds)
    n_epochs, n_slots = len(tried.epochs), DEFAULTS.n_slots
    per_epoch = tried.seconds / n_epochs
    click.echo(f"{study.name}: search space, data and training work")
    click.echo(f"data: loaded in {duration(tried.load_seconds)}")
    click.echo(f"trial 0: {json.dumps(tried.params)}")
    whole = ", the whole training" if tried.finished else ""
    click.echo(f"        {n_epochs} epochs, {duration(per_epoch)} each{whole}; "
               f"last: {metrics_text(tried.epochs[-1].metrics)}")  # fmt: skip
    state = f"{tried.checkpoint_bytes / 1e6:.1f} MB" if tried.checkpoint_bytes else "none"
    click.echo(f"memory: {tried.peak_bytes / 1e6:.0f} MB in one process; checkpoint: {state}")
    if tried.finished:
        what, per_trial, hint = "such trials", tried.seconds, "less what pruning saves"
    else:
        what, per_trial = "trials of 10 such epochs", 10 * per_epoch
        hint = "give more --seconds for a better estimate"
    total = duration(per_trial * study.trials / n_slots)
    click.echo(f"estimate: {study.trials} {what} on {n_slots} slots take about {total}; {hint}")
