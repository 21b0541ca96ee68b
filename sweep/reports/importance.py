"""Importance of parameters, by Optuna."""

import warnings
from collections.abc import Sequence

import optuna

from sweep.trials.optuna_trials import create_trial
from sweep.trials.records import TrialRecord

MIN_TRIALS = 10
"""Complete trials below which importances say little."""


def importances(records: Sequence[TrialRecord], sign: int) -> dict[str, float]:
    """Return how well each parameter separates good trials from others, by PED-ANOVA.

    Source: Watanabe, Bansal, Hutter (2023), arXiv:2304.10255, as Optuna computes it.

    Args:
        records: Trials of one study.
        sign: 1 where a lower score is better, -1 where a higher one is.

    Returns:
        Shares by parameter that sum to 1, largest first; empty with fewer than 10 complete
        trials, or where all parameters or all scores are the same.
    """
    scored = [record for record in records if record.score is not None and record.params]
    if len(scored) < MIN_TRIALS or len({record.score for record in scored}) == 1:
        return {}
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances  # scikit-learn

    study = optuna.create_study(direction="minimize" if sign > 0 else "maximize")
    for record in scored:
        study.add_trial(create_trial(record, value=record.score))
    with warnings.catch_warnings():  # too few trials for a good estimate
        warnings.simplefilter("ignore", UserWarning)
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in shares.items()} if any(shares.values()) else {}
