"""What the model is told of a study's trials, in the form in which Optuna's samplers see them."""

from collections.abc import Sequence

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from sweep.model.learning import Known
from sweep.model.trainings import Training
from sweep.trials.optuna_trials import to_domain

STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
"""Trials that tell something. Failed ones do not: an error says nothing of the metric."""

LEAST_SHARE = 0.05
"""Weight of the sum of all objectives beside the one that is furthest behind."""


def distributions_of(trials: Sequence[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Return the distributions of all parameters of some trials; the latest of each."""
    return {name: d for trial in trials for name, d in trial.distributions.items()}


def known_from(
    trials: Sequence[FrozenTrial], signs: Sequence[int], rng: np.random.Generator
) -> Known:
    """Return what trials tell the model.

    Args:
        trials: Trials in one of `STATES`.
        signs: For each objective, 1 if a lower value is better, -1 if a higher one is.
        rng: Draws the weights of several objectives.
    """
    scores = _scores(trials, np.array(signs), rng)
    starts_at_0 = any(0 in trial.intermediate_values for trial in trials)
    curves = [_curve(trial, signs, int(starts_at_0)) for trial in trials]
    n_epochs = max((epoch for curve in curves for epoch in curve), default=1)
    domains = {name: to_domain(d) for name, d in distributions_of(trials).items()}
    trainings = [
        _training(trial, curve, score, n_epochs)
        for trial, curve, score in zip(trials, curves, scores, strict=True)
    ]
    return Known(domains, trainings, n_epochs)


def _training(
    trial: FrozenTrial, curve: dict[int, float], score: float | None, n_epochs: int
) -> Training:
    is_running = trial.state is TrialState.RUNNING
    if not is_running and not curve and score is None:  # as bad as can be
        score = np.inf
    return Training(trial.params, curve, len(curve), score, n_epochs if is_running else 0)


def _curve(trial: FrozenTrial, signs: Sequence[int], shift: int) -> dict[int, float]:
    """Return the values by epoch, from 1; of several objectives none are known."""
    if len(signs) > 1:
        return {}
    steps = sorted(trial.intermediate_values.items())
    return {
        step + shift: signs[0] * value if np.isfinite(value) else np.inf
        for step, value in steps
        if step + shift >= 1
    }


def _scores(
    trials: Sequence[FrozenTrial], signs: np.ndarray, rng: np.random.Generator
) -> list[float | None]:
    """Return the score of each trial, lower is better; None without one.

    Several objectives become one: each is the share of trials that are better, and the one that is
    furthest behind counts, each with a weight.
    """
    complete = [i for i, trial in enumerate(trials) if trial.state is TrialState.COMPLETE]
    values = np.array([trials[i].values for i in complete]).reshape(-1, len(signs)) * signs
    if len(signs) > 1 and complete:
        ranks = (values[None] < values[:, None]).mean(axis=1)
        weighted = ranks * rng.dirichlet(np.ones(len(signs)))
        values = (weighted.max(axis=1) + LEAST_SHARE * weighted.sum(axis=1))[:, None]
    scores: list[float | None] = [None] * len(trials)
    for i, value in zip(complete, values[:, 0].tolist(), strict=True):
        is_feasible = all(violation <= 0 for violation in trials[i].constraints.values())
        scores[i] = value if is_feasible else np.inf
    return scores
