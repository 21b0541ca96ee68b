"""Verifies a run: repeats every suggestion of the sampler, and the training of a trial."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from sweep.driver.earlier.space_changes import check_recorded_space, with_former_spaces
from sweep.driver.earlier.warm_start import earlier_trials
from sweep.driver.verify.differences import difference, verdict
from sweep.errors import RunError
from sweep.reports.results import Run
from sweep.samplers.given import given_to
from sweep.samplers.sampler import Sampler
from sweep.study.code.functions.parts import note_own_changes, of_functions
from sweep.study.code.loading import load_study
from sweep.study.code.user_code import guarded
from sweep.study.fields import restored
from sweep.study.study import Study
from sweep.text import metrics_text
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
        path, script = run.directory.path, run.about["provenance"].get("script")
        raise RunError(
            f"{path}: expected a run of a study file, got one made in {script or 'Python'}; call "
            f"sweep.replay(study, sweep.Run({str(path)!r})) where that makes its study, or name a "
            f"file with --study"
        )
    return _versions(run, lambda settings: load_study(file, settings))


def version_for(versions: dict[int, Study], trial: int) -> Study:
    """Return the version of the study that a trial belongs to."""
    return versions[max(first for first in versions if first <= trial)]


def other_suggestions(
    versions: dict[int, Study], records: list[TrialRecord], about: Mapping[str, Any] | None = None
) -> Iterator[tuple[TrialRecord, Params]]:
    """Yield each trial whose parameters the sampler does not suggest again, with what it does.

    Args:
        versions: The study, by the first trial of each of its versions.
        records: All trials.
        about: The attributes of the study in the database, which hold its warm start.
    """
    for record in records:
        if record.number in versions:
            study = versions[record.number]
            sampler = Sampler(study, earlier_trials(study, about or {}))
            sampler.begin_as(records[0])
            sampler.restore(records[: record.number])
        trial = sampler.ask(record.number, record.endings_known, given_to(record))
        if difference(record.params, trial.params):
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


def replay(study: Study, run: Run, number: int | None = None) -> list[str]:
    """Verify all suggestions of a run, or retrain a trial, for a study that was made in Python.

    This is `python -m sweep replay` for scripts and notebooks.

    Args:
        study: The study that the run was made for.
        run: The run.
        number: Trial to retrain; None to verify the parameters of all trials instead.

    Returns:
        A line for each trial whose parameters differ, or for each epoch of the trial that does, be
        it by one bit. Empty if all is identical.

    Raises:
        OptionError: If there is no such trial.
        RunError: If the study's space has changed since.
    """
    versions = _versions(run, lambda _settings: study)
    if number is None:
        found = other_suggestions(versions, run.records, run.about)
        return [compared_suggestion(record, params)[1] for record, params in found]
    record, before = run.trial(number), of_functions(study)
    compared = [compared_epoch(*both) for both in retrain(version_for(versions, number), record)]
    note_own_changes(study, before)
    return [line for different, line in compared if different]


def compared_suggestion(record: TrialRecord, params: Params) -> tuple[float, str]:
    """Return the largest relative difference of parameters from the recorded ones, and a line."""
    largest = difference(record.params, params)
    line = f"trial {record.number}: {verdict(largest)}: recorded {record.params}, now {params}"
    return largest, line


def compared_epoch(epoch: EpochRecord, again: EpochRecord | None) -> tuple[float, str]:
    """Return the largest relative difference of an epoch from the recorded one, and a line."""
    largest = difference(epoch.metrics, again.metrics) if again else math.inf
    now = metrics_text(again.metrics) if again else "no such epoch"
    line = f"epoch {epoch.number}: {verdict(largest)}: {metrics_text(epoch.metrics)}"
    return largest, f"{line}, now {now}" if largest else line


def _versions(run: Run, load: Callable[[Mapping[str, Any]], Study]) -> dict[int, Study]:
    about = run.about
    versions: dict[int, Study] = {}
    for change in reversed(about.get("changes", [])):
        if change["from_trial"] not in versions:
            versions[change["from_trial"]] = _version(run, about, load)
        about = about | change["before"]
    versions = {0: _version(run, about, load)} | versions
    return with_former_spaces(versions, run.records, run.about)


def _version(
    run: Run, about: Mapping[str, Any], load: Callable[[Mapping[str, Any]], Study]
) -> Study:
    study = load(about["settings"])
    study = replace(restored(study, about), trials=len(run.records) or 1)
    check_recorded_space(study, run.records, run.about)
    return study
