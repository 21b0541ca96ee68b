"""Verifies a run: repeats every suggestion of the sampler, and the training of a trial."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from sweep.driver.identity import check_space
from sweep.errors import RunError
from sweep.reports.results import Run
from sweep.samplers.sampler import Sampler
from sweep.study.fields import restored
from sweep.study.loading import load_study
from sweep.study.study import Study
from sweep.study.user_code import guarded
from sweep.trials.domains import Params
from sweep.trials.records import EpochRecord, TrialRecord
from sweep.workers.data import as_loaded
from sweep.workers.messages import Work
from sweep.workers.session import Session


def versions_of(run: Run, file: str = "") -> dict[int, Study]:
    """Return the study that a run was made for, and each version that accepted changes made of it.

    Args:
        run: The run.
        file: Where the study file is now; if empty, where it was when the run began.

    Returns:
        Studies with the settings, the seed and so on of their time, by their first trial.

    Raises:
        StudyError: If the file is missing or defines no study.
        RunError: If the run has no study file, or its space has changed since.
    """
    file = file or str(run.about.get("file", ""))
    if not file:
        raise RunError(
            f"{run.directory.path}: expected a run of a study file, got one made in Python; "
            f"name a file with --study"
        )
    about = run.about
    versions: dict[int, Study] = {}
    for change in reversed(about.get("changes", [])):
        if change["from_trial"] not in versions:
            versions[change["from_trial"]] = _version(run, about, file)
        about = about | change["before"]
    return {0: _version(run, about, file)} | versions


def version_for(versions: dict[int, Study], trial: int) -> Study:
    """Return the version of the study that a trial belongs to."""
    return versions[max(first for first in versions if first <= trial)]


def other_suggestions(
    versions: dict[int, Study], records: list[TrialRecord]
) -> Iterator[tuple[TrialRecord, Params]]:
    """Yield each trial whose parameters the sampler does not suggest again, with what it does."""
    for record in records:
        if record.number in versions:
            sampler = Sampler(versions[record.number])
            sampler.restore(records[: record.number])
        trial = sampler.ask(record.number, record.endings_known)
        if trial.params != record.params:
            yield record, trial.params
        sampler.tell(record)


def retrain(study: Study, record: TrialRecord) -> Iterator[tuple[EpochRecord, EpochRecord | None]]:
    """Train a trial again in this process, for as many epochs as are recorded.

    Yields:
        Each recorded epoch with the new one; None if the training ended before it.
    """
    data = guarded("data", study.data, study) if study.data else None
    threads = record.worker.blas_threads if record.worker else 1
    work = Work(record.number, record.params, record.seed)
    with closing(Session(study, as_loaded(data), threads)) as session:
        again = (epoch for progress in session.train(work) for epoch in progress.epochs)
        for epoch in record.epochs:
            yield epoch, next(again, None)


def _version(run: Run, about: Mapping[str, Any], file: str) -> Study:
    study = load_study(file, about["settings"])
    study = replace(restored(study, about), trials=len(run.records) or 1)
    check_space(study, run.records)
    return study
