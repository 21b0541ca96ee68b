"""Syne Tune 0.16: its schedulers, driven as its `Tuner` drives them (syne_tune/tuner.py).

Those that need a Gaussian process, MOBSTER, Hyper-Tune and DyHPO, were last in version 0.14: see
`syne_tune_gp`. Settings are the defaults of `syne_tune.optimizer.baselines`, which
https://syne-tune.readthedocs.io/en/latest/schedulers.html recommends, among them the first rung and
the factor of 3 of all methods here. ASHA stops trials; this version has none that promotes them.
"""

from functools import partial

from syne_tune.optimizer import baselines
from syne_tune.optimizer.scheduler import TrialScheduler

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.methods import syne_tune_tuner
from tests.benchmarks.quality.methods.syne_tune_tuner import METRIC, TIME, Make, space_of
from tests.benchmarks.quality.problems import Problem


def halving(kind: str) -> Make:
    """Return what makes a scheduler with early stopping."""

    def make(problem: Problem, seed: int) -> TrialScheduler:
        return getattr(baselines, kind)(
            space_of(problem),
            metric=METRIC,
            time_attr=TIME,
            max_t=problem.n_epochs,
            random_seed=seed,
        )

    return make


def whole(kind: str) -> Make:
    """Return what makes a scheduler of whole trainings."""

    def make(problem: Problem, seed: int) -> TrialScheduler:
        metric = {"metrics": [METRIC]} if kind == "RandomSearch" else {"metric": METRIC}
        return getattr(baselines, kind)(space_of(problem), **metric, random_seed=seed)

    return make


SCHEDULERS: dict[str, Make] = {
    "random": whole("RandomSearch"),
    "bore": whole("BORE"),
    "cqr": whole("CQR"),
    "asha": halving("ASHA"),
    "asha-bore": halving("ASHABORE"),
    "asha-cqr": halving("ASHACQR"),
    "bohb": halving("BOHB"),
}


class Tuner(syne_tune_tuner.Tuner):
    """The tuner of this version."""

    def next(self) -> clock.Job | None:
        suggestion = self.scheduler.suggest()
        return None if suggestion is None else self.begin(suggestion.config)


METHODS = {
    f"syne-{name}": partial(syne_tune_tuner.search, tuner=Tuner, scheduler=make)
    for name, make in SCHEDULERS.items()
}
