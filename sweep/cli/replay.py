"""`sweep replay`: whether a run gives the same results again."""

import click

from sweep.cli.options import run_command, trial_of
from sweep.driver.replay import other_suggestions, retrain, version_for, versions_of
from sweep.reports.results import Run
from sweep.text import metrics_text

EXIT_DIFFERENT = 1


@run_command
@click.option("--trial", type=click.IntRange(0), help="Retrain this trial and compare its metrics.")
@click.option("--study", default="", metavar="STUDY.py",
              help="Path of the study file, if it has moved.")  # fmt: skip
def replay(run: Run, trial: int | None, study: str) -> int:
    """Verify all suggestions, or retrain a trial.

    Exits with 1 if anything differs from the records, even by one bit.
    """
    versions = versions_of(run, study)
    n_different = 0
    if trial is None:
        for record, suggestion in other_suggestions(versions, run.records):
            n_different += 1
            click.echo(f"trial {record.number}: recorded {record.params}, now {suggestion}")
        n = len(run.records)
        click.echo(f"{run.name}: {n - n_different} of {n} suggestions are identical")
    else:
        record = trial_of(run, trial)
        for epoch, again in retrain(version_for(versions, trial), record):
            verdict = "identical: " + metrics_text(epoch.metrics)
            if again is None or again.metrics != epoch.metrics:
                n_different += 1
                now = metrics_text(again.metrics) if again else "no such epoch"
                verdict = f"DIFFERENT: {metrics_text(epoch.metrics)}, now {now}"
            click.echo(f"epoch {epoch.number}: {verdict}")
        n = len(record.epochs)
        click.echo(f"trial {trial}: {n - n_different} of {n} epochs are identical to the last bit")
    return EXIT_DIFFERENT if n_different else 0
