"""`sweep replay`: whether a run gives the same results again."""

import click

from sweep.cli.shared.options import run_command
from sweep.driver.verify.differences import verdict
from sweep.driver.verify.replay import (
    compared_epoch,
    compared_suggestion,
    other_suggestions,
    retrain,
    version_for,
    versions_of,
)
from sweep.reports.results import Run
from sweep.study.study import Study
from sweep.trials.worker import Kernel, to_kernel
from sweep.workers.process.kernel import forcing, kernel

EXIT_DIFFERENT = 1


@run_command
@click.option("--trial", type=click.IntRange(0), help="Retrain this trial and compare its metrics.")
@click.option("--study", default="", metavar="STUDY.py",
              help="Path of the study file, if it has moved.")  # fmt: skip
def replay(run: Run, trial: int | None, study: str) -> int:
    """Verify all suggestions, or retrain a trial.

    Exits with 1 if anything differs from the records, even by one bit, and says whether it is more
    than the last bits, which depend on the processor.
    """
    versions = versions_of(run, study)
    largest = _suggestions(run, versions) if trial is None else _training(run, versions, trial)
    return EXIT_DIFFERENT if largest else 0


def _suggestions(run: Run, versions: dict[int, Study]) -> float:
    """Compare all suggestions; return the largest relative difference."""
    _tell_kernels("suggested", to_kernel(run.about["provenance"].get("kernel")))
    found = []
    for record, params in other_suggestions(versions, run.records, run.about):
        different, line = compared_suggestion(record, params)
        found.append(different)
        click.echo(line)
    n = len(run.records)
    largest = max(found, default=0.0)
    click.echo(f"{run.name}: {n - len(found)} of {n} suggestions are identical"
               f"{_others(largest)}")  # fmt: skip
    return largest


def _training(run: Run, versions: dict[int, Study], trial: int) -> float:
    """Train a trial again and compare all metrics; return the largest relative difference."""
    record = run.trial(trial)
    _tell_kernels("trained", record.worker.kernel if record.worker else None)
    found = []
    for epoch, again in retrain(version_for(versions, trial), record):
        different, line = compared_epoch(epoch, again)
        found.append(different)
        click.echo(line)
    largest = max(found, default=0.0)
    click.echo(f"trial {trial}: {found.count(0.0)} of {len(found)} epochs are identical to the "
               f"last bit{_others(largest)}")  # fmt: skip
    return largest


def _others(largest: float) -> str:
    return f"; the others are {verdict(largest)}" if largest else ""


def _tell_kernels(what: str, then: Kernel | None) -> None:
    """Say before the comparison if the records were made on another kernel than this process's."""
    if then is not None and then != kernel():
        click.echo(f"{what} on {then}, replayed on {kernel()}: the last bits may differ"
                   f"{_how_to_get(then)}")  # fmt: skip


def _how_to_get(then: Kernel) -> str:
    can = then.blas == "OpenBLAS" and (then.blas, then.version) == (kernel().blas, kernel().version)
    words = forcing(then.name, then.simd)
    return f". For the kernel of then, put {words} before the command" if can else ""
