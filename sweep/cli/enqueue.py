"""`sweep enqueue`: parameters for the next trial of a run."""

import math
from collections.abc import Sequence
from contextlib import closing

import click

from sweep.cli.shared.options import run_command
from sweep.reports.results import Run
from sweep.storage.database import Database
from sweep.storage.enqueued import n_waiting, new_key
from sweep.storage.locations import storage_of
from sweep.study.fields import space_changes
from sweep.text import counted
from sweep.trials.by_hand import Domains, check_params, domains_of, read_params


@run_command
@click.argument("params", nargs=-1, required=True, metavar="NAME=VALUE...")
def enqueue(run: Run, params: Sequence[str]) -> None:
    """Let the next trial of a run use these parameters, also while it is running.

    The sampler draws those that are not given. They wait until a trial begins; one that the trial
    does not have, or that is out of its range there, is not used.
    """
    domains = _domains(run)
    given = check_params(read_params(params, domains), domains)
    with closing(Database(storage_of(run.directory))) as database:
        database.study(database.studies()[0]).set_attribute(new_key(), given)
    shown = ", ".join(f"{name}={value}" for name, value in given.items())
    n_trials = counted(n_waiting(run.about) + 1, "trial")
    click.echo(f"enqueued for {run.name}: {shown} ({n_trials} waiting)")
    most = run.about.get("limits", {}).get("trials", math.inf)
    if len(run.records) >= most:
        click.echo(f"all {most} trials have begun: run it with more --trials")


def _domains(run: Run) -> Domains:
    """Return what parameters are drawn from, as far as trials show it; their space may change."""
    changes = space_changes(run.about)
    latest = run.records[changes[-1]["from_trial"] :] if changes else []
    return {**domains_of(run.records), **domains_of(latest)}
