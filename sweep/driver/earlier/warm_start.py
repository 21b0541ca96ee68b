"""Warm starts: trials of other runs that the sampler is shown, on record in the run itself."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sweep.errors import OptionError, StudyError
from sweep.samplers.kinds import kind_of
from sweep.storage.earlier import EarlierStudy, read_earlier
from sweep.storage.trial_table import TrialTable
from sweep.study.space import Trial, fixed
from sweep.study.study import Study
from sweep.study.translation import translated
from sweep.text import counted, without_password
from sweep.trials.records import Ending, EpochRecord, TrialRecord


def record_warm_start(study: Study, table: TrialTable, runs: Path) -> None:
    """Record the trials that a study wants its sampler to be shown, unless they are on record.

    Args:
        study: The study.
        table: Its trials.
        runs: Directory that holds run directories.

    Raises:
        OptionError: If they cannot be read, or none can be compared with trials of this study.
        StudyError: If the study's sampler learns nothing from them.
    """
    if study.warm_start and not kind_of(study).learns:
        raise StudyError(
            f"Study: expected a sampler that learns from other trials for warm_start, got "
            f"{study.sampler!r}; leave one of them out"
        )
    known = table.attributes()
    for source in study.warm_start:
        if _key(source) not in known:
            earlier = read_earlier(source, runs)
            _check(study, without_password(source), earlier)
            table.set_attribute(_key(source), asdict(earlier))


def earlier_trials(study: Study, about: Mapping[str, Any]) -> list[TrialRecord]:
    """Return the trials of other runs that a study's sampler is shown, the earliest first.

    They are numbered from below zero up to -1, as are their endings.

    Args:
        study: The study.
        about: Its attributes in the database.
    """
    recorded = [about[_key(s)]["trials"] for s in study.warm_start if _key(s) in about]
    entries = [entry for trials in recorded for entry in trials]
    first = -len(entries)
    records = [_record(study, number, entry) for number, entry in enumerate(entries, first)]
    return [record for record in records if record is not None]


def _record(study: Study, number: int, entry: Mapping[str, Any]) -> TrialRecord | None:
    """Return the record of a trial; None if its parameters are out of range."""
    trial = translated(study, dict(entry["params"]))
    if trial is None:
        return None
    curve = enumerate(entry["curve"], start=1)
    return TrialRecord(
        number=number,
        params=trial.params,
        domains=trial.domains,
        config={},
        seed=0,
        endings_known=0,
        ending=Ending(entry["ending"]),
        ending_number=number,
        score=entry["score"],
        epochs=[EpochRecord(n, {study.metric: value}, 0.0, 0.0) for n, value in curve],
    )


def _check(study: Study, source: str, earlier: EarlierStudy) -> None:
    """Refuse trials of which none can be compared with those of a study."""
    direction = "minimize" if study.sign > 0 else "maximize"
    ours, theirs = (direction, study.metric), (earlier.direction, earlier.metric or study.metric)
    if ours != theirs:
        raise OptionError(
            f"warm_start: expected a run that should {' '.join(ours)}, got {source}, which should "
            f"{' '.join(theirs)}; leave it out"
        )
    try:
        fitting = [_record(study, -1, entry) is not None for entry in earlier.trials]
    except StudyError as error:
        raise OptionError(
            f"warm_start: expected parameters of this space in {source}, got others ({error}); "
            f"leave it out, or give new parameters the value that they had there, as before=..."
        ) from error
    if not any(fitting):
        n_trials = counted(len(fitting), "ended trial")
        raise OptionError(
            f"warm_start: expected trials within the ranges of this space in {source}, got none "
            f"of {n_trials}{_first_miss(study, earlier)}; leave it out"
        )


def _first_miss(study: Study, earlier: EarlierStudy) -> str:
    """Return what is wrong with the first of some trials, in brackets."""
    for entry in earlier.trials:
        try:
            study.space(Trial(fixed(entry["params"])))
        except StudyError as error:
            return f" ({error})"
    return ""


def _key(source: str) -> str:
    return f"warm_start:{without_password(source)}"
