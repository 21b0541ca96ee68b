"""The scores of a complete trial, its violations of constraints, and which trial is chosen."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean
from typing import Any, NamedTuple

from sweep.errors import StudyError
from sweep.study.code.user_code import guarded
from sweep.study.objectives import violation
from sweep.study.study import Study
from sweep.text import shown
from sweep.trials.front import front_of, knee_of
from sweep.trials.records import TrialRecord


class Outcome(NamedTuple):
    """What the epochs of a complete trial come to; see the fields of `TrialRecord`."""

    score: float | None
    score_std: float | None
    further_scores: tuple[float, ...]
    violations: dict[str, float]


def outcome_of(study: Study, record: TrialRecord) -> Outcome:
    """Return the outcome of a complete trial.

    The epoch that counts is the last one of each training, or the best one by the first objective;
    all other metrics are those of the same epoch. With the score "mean" each is the mean of all
    epochs. Each value is the mean over the trainings.
    """
    curves = record.curves(study.metric)
    score, deviation = study.score_of(curves)
    best = min if study.sign > 0 else max
    places = [curve.index(best(curve)) if study.score == "best" else -1 for curve in curves]

    def mean(metric: str) -> float:
        others = record.curves(metric)
        if study.score == "mean":
            return fmean(map(fmean, others))
        return fmean(curve[place] for curve, place in zip(others, places, strict=True))

    further = tuple(mean(goal.metric) for goal in study.objectives[1:])
    bounds = sorted(study.constraints.items())
    return Outcome(score, deviation, further, {k: violation(mean(k), b) for k, b in bounds})


def reused_outcome(twin: TrialRecord) -> Outcome:
    """Return the outcome of a trial that takes over what another one has."""
    return Outcome(twin.score, twin.score_std, twin.further_scores, dict(twin.violations))


def chosen_by_study(study: Study, records: list[TrialRecord]) -> TrialRecord | None:
    """Return the trial that the final step trains; None if none has a score and is feasible.

    Raises:
        StudyError: If the study's function raises, or returns anything but a trial of the front.
    """
    signs = [goal.sign for goal in study.objectives]
    front = front_of(signs, records)
    choose = study.final.choose if study.final else "first"
    if not front or choose == "first":
        return next(iter(front), None)
    if not callable(choose):
        return knee_of(front, signs)
    answer: Any = guarded("choose", partial(choose, list(front)), study)
    found: TrialRecord | None = next((record for record in front if record is answer), None)
    if found is None:
        numbers = [record.number for record in front]
        raise StudyError(
            f"final: expected choose to return one of the trials that it was given, {numbers}, got "
            f"{shown(answer)}; return an element of the list"
        )
    return found


def choice_record(best: Sequence[TrialRecord], n_trials: int) -> dict[str, int] | None:
    """Return what the database says of a choice among `n_trials` trials; None without one."""
    return {"trial": best[0].number, "trials": n_trials} if best else None
