"""`sweep status`: the progress of a run."""

import click

from sweep.cli.shared.options import run_command
from sweep.display.terminal import relative
from sweep.reports import tables
from sweep.reports.finals import winner_text
from sweep.reports.formats import to_markdown
from sweep.reports.results import Run
from sweep.storage.enqueued import n_waiting
from sweep.text import counted, metrics_text, short
from sweep.trials.ranking import n_ended
from sweep.trials.records import TrialRecord


@run_command
def status(run: Run) -> None:
    """Show the progress of a run, also while it is running."""
    click.echo(f"{run.name}: {relative(run.directory.path)}\n")
    click.echo(to_markdown(tables.summary(run.records)))
    _print_running("trial", run.records, run.metric)
    if run.best is not None:
        click.echo(f"best: trial {run.best.number}, {metrics_text(run.scores(run.best))}")
    if run.knee is not None:
        numbers = ", ".join(str(record.number) for record in run.front)
        knee = f"trial {run.knee.number}, {metrics_text(run.scores(run.knee))}"
        click.echo(f"front: {numbers}; knee: {knee}")
    _print_running("runoff training", run.runoff, run.metric)
    if chosen := winner_text(run):
        click.echo(f"runoff of the best {len(run.finalists)}: {chosen}")
    if n_enqueued := n_waiting(run.about):
        click.echo(f"enqueued: {counted(n_enqueued, 'trial')}")
    for line in _limits(run):
        click.echo(f"limit: {line}")
    _print_running("final training", run.finals, run.final_metric)
    if run.test is not None:
        click.echo(f"test set: {run.test}")


def _limits(run: Run) -> list[str]:
    """Return how far the search is from each of its limits."""
    most = run.about.get("limits", {}).get("trials")
    trials = f"{n_ended(run.records)} of at most {most} trials have ended"
    left = run.limits.left()
    return [trials, *left] if most else left


def _print_running(what: str, records: list[TrialRecord], metric: str) -> None:
    for record in records:
        if not record.has_ended:
            curve = record.curve(metric)
            score = f", {metric} {short(curve[-1])}" if curve else ""
            click.echo(f"running: {what} {record.number}, {len(curve)} epochs{score}")
