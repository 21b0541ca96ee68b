"""This file prints what the commands show, each on one screen."""

import json
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.driver.dry_run import DryRun
from sweep.errors import OptionError
from sweep.reports import compare as side_by_side
from sweep.reports import formats as export
from sweep.reports import tables
from sweep.reports.best import loader
from sweep.reports.results import Run
from sweep.study.study import Study
from sweep.trials.records import EpochRecord, TrialRecord, n_ended

if TYPE_CHECKING:
    import pandas as pd
from sweep.text import duration, metrics_text, short

TABLES: "dict[str, Callable[[Run], pd.DataFrame]]" = {
    "trials": Run.trials,
    "epochs": Run.epochs,
    "summary": lambda run: tables.summary(run.records),
    "progression": lambda run: tables.progression(run.records, run.metric, run.sign),
}


def exported(run: Run, table: str, format_: str) -> str | bytes:
    """A table of this name, in one of the formats.

    Raises:
        OptionError: If there is none.
    """
    if table in TABLES:
        return export.FORMATS[format_](TABLES[table](run))
    declared = run.comparisons()
    if table not in declared:
        known = ", ".join([*TABLES, *declared])
        raise OptionError(f"--table: expected one of {known}, got {table!r}")
    return export.of_comparison(declared[table], format_)


def result(run: Run, n_trials: int, *, with_table: bool) -> None:
    """What a run has come to, when `run` ends: the best, and the best few as a table if wanted."""
    if run.best is None:
        click.echo(f"no trial has a score: see `python -m sweep status {_path(run)}`", err=True)
        return
    if with_table:
        click.echo("\n" + export.to_markdown(tables.leaders(run.records, run.metric, run.sign)))
    best(run)
    n_done = n_ended(run.records)
    if n_done < n_trials:
        click.echo(f"{n_done} of {n_trials} trials have ended: the same command goes on")
    else:
        click.echo(f"all {n_done} trials are done: {_path(run)}/report.html")
    if run.final_failure is not None:
        click.echo(
            f"the final training failed, {run.final_failure.message}: "
            f"see {_path(run)}/logs/run.log; the same command tries it again",
            err=True,
        )


def status(run: Run) -> None:
    """Counts, the best so far, and what is running."""
    click.echo(f"{run.name}: {_path(run)}\n")
    click.echo(export.to_markdown(tables.summary(run.records)))
    _running("trial", run.records, run.metric)
    if run.best is not None:
        click.echo(f"best: trial {run.best.number}, {run.metric} {short(run.best.score)}")
    _running("final training", run.finals, run.final_metric)
    if run.test is not None:
        click.echo(f"test set: {metrics_text(run.test.metrics)}")


def compared(runs: side_by_side.Runs) -> None:
    """Where runs differ in what they were told, in what came of it, and in their curves."""
    for name, table in side_by_side.TABLES.items():
        filled = table(runs)
        if len(filled):
            click.echo(f"{name}\n\n{export.to_markdown(filled)}")
    if not len(side_by_side.significance(runs)):
        click.echo("significance: known only for best configurations that were trained repeatedly, "
                   "as studies with repeats=k do")  # fmt: skip
    else:
        click.echo("p_value: by chance alone the means would differ so much so often (permutation "
                   "test). Both are the best of many: expect less of them next time.")  # fmt: skip


def show(run: Run, record: TrialRecord) -> None:
    """Everything about one trial."""
    click.echo(f"trial {record.number} of {run.name}: {record.ending.value}")
    for title, value in (
        ("score", None if record.score is None else f"{run.metric} {record.score}"),
        ("params", json.dumps(record.params)),
        ("config", json.dumps(record.config)),
        ("seed", record.seed),
        ("worker", record.worker),
        ("started", record.started),
        ("finished", record.finished),
    ):
        if value not in (None, ""):
            click.echo(f"{title}: {value}")
    for attempt in record.attempts:
        where = (
            f"{attempt['epoch']} epochs in process {attempt.get('pid')} on {attempt.get('host')}"
        )
        click.echo(f"cut short: {attempt['reason']} after {where}: {attempt['message']}")
        if "traceback" in attempt:
            click.echo(textwrap.indent(attempt["traceback"], "    "))
    if record.epochs:
        click.echo("\n" + export.to_markdown(tables.epochs([record]).drop(columns="trial")))
    if record.failure is not None:
        click.echo(f"\n{record.failure.message}\n{record.failure.traceback}")


def best(run: Run) -> None:
    """The best configuration, what it reached, and how to load its weights."""
    if run.best is None:
        click.echo(f"{run.name}: no trial has a score yet")
        return
    click.echo(f"best: trial {run.best.number}, {run.metric} {short(run.best.score)}")
    click.echo(f"config: {json.dumps((run.final or run.best).config)}")
    if run.test is not None:
        click.echo(f"test set, opened after the search: {metrics_text(run.test.metrics)}")
    weights = run.directory.best / "weights.safetensors"
    if weights.is_file():
        click.echo(f'weights: safetensors.numpy.load_file("{_relative(weights)}")')
        if load := loader(weights):
            click.echo(f'model: {load}("{_relative(weights)}")')


def suggestions(run: Run, others: Iterable[tuple[TrialRecord, str]]) -> bool:
    """What asking again for every suggestion has shown; True if all are the same."""
    n_other = 0
    for record, suggestion in others:
        n_other += 1
        click.echo(f"trial {record.number}: {record.params}, but now {suggestion}")
    n_same = len(run.records) - n_other
    click.echo(f"{run.name}: {n_same} of {len(run.records)} suggestions are the same again")
    return n_other == 0


def training(record: TrialRecord, epochs: Iterable[tuple[EpochRecord, EpochRecord | None]]) -> bool:
    """What training a trial again has shown; True if every metric has the same bits."""
    equal = True
    for epoch, again in epochs:
        same = again is not None and again.metrics == epoch.metrics
        equal = equal and same
        now = "" if same else f", but now {metrics_text(again.metrics) if again else 'nothing'}"
        verdict = "equal" if same else "DIFFERENT"
        click.echo(f"epoch {epoch.number}: {verdict}: {metrics_text(epoch.metrics)}{now}")
    bits = "the same bits again" if equal else "not the same"
    click.echo(f"trial {record.number}, {len(record.epochs)} epochs: {bits}")
    return equal


def rehearsal(study: Study, tried: DryRun, n_slots: int) -> None:
    """What trying the first trial has shown, and what the whole run may take."""
    click.echo(f"{study.name}: the space, the data and the training work")
    click.echo(f"data: loaded in {duration(tried.load_seconds)}")
    click.echo(f"trial 0: {json.dumps(tried.params)}")
    per_epoch = tried.seconds / len(tried.epochs)
    click.echo(
        f"        {len(tried.epochs)} epochs, {duration(per_epoch)} each"
        f"{', to its end' if tried.finished else ''}; "
        f"last: {metrics_text(tried.epochs[-1].metrics)}"
    )
    state = f"{tried.checkpoint_bytes / 1e6:.1f} MB" if tried.checkpoint_bytes else "none given"
    click.echo(f"memory: {tried.peak_bytes / 1e6:.0f} MB in one process; state to keep: {state}")
    if tried.finished:
        total = duration(tried.seconds * study.trials / n_slots)
        click.echo(f"estimate: {study.trials} such trials on {n_slots} slots take about {total}, "
                   f"less what the pruner saves")  # fmt: skip
    else:
        per_ten = duration(10 * per_epoch * study.trials / n_slots)
        click.echo(f"estimate: {study.trials} trials of 10 such epochs on {n_slots} slots "
                   f"take about {per_ten}; try longer with --seconds")  # fmt: skip


def _running(what: str, records: list[TrialRecord], metric: str) -> None:
    for record in records:
        if not record.has_ended:
            curve = record.curve(metric)
            score = f", {metric} {short(curve[-1])}" if curve else ""
            click.echo(f"running: {what} {record.number}, {len(curve)} epochs{score}")


def _path(run: Run) -> Path:
    return _relative(run.directory.path)


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
