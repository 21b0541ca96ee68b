"""`sweep show`: everything about one trial."""

import json
import textwrap

import click

from sweep.cli.shared.options import run_command
from sweep.display.terminal import relative
from sweep.reports import tables
from sweep.reports.finals import runoff_result
from sweep.reports.formats import to_markdown
from sweep.reports.fronts import violated
from sweep.reports.results import Run


@run_command
@click.argument("trial", type=click.IntRange(0))
def show(run: Run, trial: int) -> None:
    """Show everything about one trial, including its traceback and the last lines it printed."""
    record = run.trial(trial)
    worker = record.worker
    in_runoff = runoff_result(run, record)
    is_chosen = run.chosen is not None and run.chosen.number == record.number
    click.echo(f"trial {record.number} of {run.name}: {record.ending.value}")
    for title, value in (
        ("score", ", ".join(f"{name} {score}" for name, score in run.scores(record).items())),
        ("violates", violated(record)),
        ("infeasible draws before it", record.infeasible_draws or None),
        ("runoff", in_runoff and in_runoff + (", chosen" if is_chosen else "")),
        ("params", json.dumps(record.params)),
        (record.source, record.source and json.dumps(record.given)),
        ("config", json.dumps(record.config)),
        ("seed", record.seed),
        ("worker", worker and f"process {worker.pid} on {worker.host}, "
                              f"BLAS threads: {worker.blas_threads}"),
        ("kernel", worker and worker.kernel),
        ("started", record.started),
        ("finished", record.finished),
    ):  # fmt: skip
        if value not in (None, ""):
            click.echo(f"{title}: {value}")
    for attempt in record.attempts:
        place = f"process {attempt.get('pid')} on {attempt.get('host')}"
        click.echo(f"cut short: {attempt['reason']} after {attempt['epoch']} epochs in {place}: "
                   f"{attempt['message']}")  # fmt: skip
        if "traceback" in attempt:
            click.echo(textwrap.indent(attempt["traceback"], "    "))
    if record.epochs:
        click.echo("\n" + to_markdown(tables.epochs([record]).drop(columns="trial")))
    if record.failure is not None:
        click.echo(f"\n{record.failure.message}\n{record.failure.traceback}")
    if printed := run.printed(trial):
        click.echo(
            f"\nend of {relative(run.directory.output(trial))}:\n{textwrap.indent(printed, '    ')}"
        )
