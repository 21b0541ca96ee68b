"""This file verifies a run: asks for every suggestion again, and trains a trial again."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from sweep.driver.identity import EARLIER, check_space
from sweep.errors import RunError
from sweep.reports.results import Run
from sweep.samplers.sampler import Sampler
from sweep.study.loading import load_study
from sweep.study.settings import as_text
from sweep.study.study import Study
from sweep.study.user_code import guarded
from sweep.trials.records import EpochRecord, TrialRecord
from sweep.workers.messages import Work
from sweep.workers.session import Session


def versions_of(run: Run, file: str = "") -> dict[int, Study]:
    """The study that a run was made for, and each that it has become by accepted changes.

    Args:
        run: The run.
        file: Where the study file is now; where it was then if empty.

    Returns:
        Studies, with the settings and the seed of their time, by the first trial they were for.

    Raises:
        StudyError: If the file is not there, or not a study.
        RunError: If the run was made without a file, or its space is another one now.
    """
    file = file or str(run.about.get("file", ""))
    if not file:
        raise RunError(
            f"{run.directory.path}: expected a run of a study file, got one made in Python; "
            f"name a file with --study"
        )
    about = EARLIER | run.about
    versions: dict[int, Study] = {}
    for change in reversed(about.get("changes", [])):
        if change["from_trial"] not in versions:
            versions[change["from_trial"]] = _declared(run, about, file)
        about = about | change["before"]
    return {0: _declared(run, about, file)} | versions


def version_for(versions: dict[int, Study], trial: int) -> Study:
    """The version that a trial was asked for by."""
    return versions[max(first for first in versions if first <= trial)]


def other_suggestions(
    versions: dict[int, Study], records: list[TrialRecord]
) -> Iterator[tuple[TrialRecord, str]]:
    """The trials whose parameters are not what the sampler suggests, with what it suggests."""
    for record in records:
        if record.number in versions:
            sampling = Sampler(versions[record.number])
            sampling.restore(records[: record.number])
        trial = sampling.ask(record.number, record.endings_known)
        if trial.params != record.params:
            yield record, str(trial.params)
        sampling.tell(record)


def retrain(study: Study, record: TrialRecord) -> Iterator[tuple[EpochRecord, EpochRecord | None]]:
    """Trains a trial again, as many epochs as are on record, in this process.

    Yields:
        Each epoch on record, with the new one; None if the training ended before it.
    """
    data = guarded("data", study.data, study) if study.data else None
    threads = record.worker.blas_threads if record.worker else 1
    again: list[EpochRecord] = []
    work: Work | None = Work(record.number, record.params, record.seed)
    finished = False
    with closing(Session(study, data, threads)) as session:
        for epoch in record.epochs:
            while len(again) < epoch.number and not finished:
                progress = session.advance(work)
                work = None
                again += progress.epochs
                finished = progress.finished or bool(progress.complaint)
            yield epoch, again[epoch.number - 1] if epoch.number <= len(again) else None


def _declared(run: Run, about: Mapping[str, Any], file: str) -> Study:
    study = load_study(file, {k: as_text(v) for k, v in about["settings"].items()})
    window = about.get("window")
    study = replace(
        study,
        trials=len(run.records) or 1,
        seed=about["seed"],
        sampler=about["sampler"],
        sampler_memory=about["sampler_memory"],
        errors=about["errors"],
        duplicates=about["duplicates"],
        repeats=about["repeats"],
        deterministic=window is not None,
        window=window or study.window,
    )
    check_space(study, run.records)
    return study
