"""`sweep best`: the best configuration."""

import json

import click

from sweep.cli.shared.options import run_command
from sweep.display.terminal import relative
from sweep.reports.best import CHECKPOINT, best_state, loader
from sweep.reports.finals import winner_text
from sweep.reports.formats import to_markdown
from sweep.reports.results import Run
from sweep.text import metrics_text
from sweep.trials.records import TrialRecord


@run_command
def best(run: Run) -> None:
    """Show the best configuration and how to load its weights."""
    print_best(run)


def print_best(run: Run) -> None:
    """Print a run's best trial: its configuration, its results and how to load its weights."""
    if run.best is None:
        click.echo(f"{run.name}: no trial has a score yet")
        return
    if run.knee is not None:
        click.echo(f"front, with its knee:\n\n{to_markdown(run.leaders())}")
    click.echo(f"best: trial {run.best.number}, {metrics_text(run.scores(run.best))}")
    if chosen := winner_text(run):
        click.echo(f"runoff of the best {len(run.finalists)}: {chosen}")
    click.echo(f"config: {json.dumps((run.final or run.best).config)}")
    if run.test is not None:
        click.echo(f"test set, opened after the search: {run.test}")
    _print_trained(run, run.final or run.best)


def _print_trained(run: Run, trained: TrialRecord) -> None:
    """Print where the weights are, or what the best program has saved."""
    weights = run.directory.best / "weights.safetensors"
    if weights.is_file():
        n_epochs = len(trained.epochs)
        of = "" if trained.kept in (None, n_epochs) else f" (epoch {trained.kept} of {n_epochs})"
        click.echo(f'weights: safetensors.numpy.load_file("{relative(weights)}"){of}')
        if load := loader(weights):
            click.echo(f'model: {load}("{relative(weights)}")')
    elif (run.directory.path / CHECKPOINT).is_dir():
        click.echo(f"checkpoint: {relative(run.directory.path / CHECKPOINT)}")
    elif reason := best_state(run)[1]:
        click.echo(f"weights: none; {reason}")
