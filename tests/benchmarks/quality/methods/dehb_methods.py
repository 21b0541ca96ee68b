"""DEHB, in its ask-and-tell interface, with its defaults (https://automl.github.io/DEHB/latest/).

Its environment is that of `smac3`. It needs at least two epochs. A diverged training is told as
infinitely bad.
"""

import tempfile
import warnings
from math import inf
from typing import Any

from dehb import DEHB
from loguru import logger

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.methods.configurations import Asked, Budgeted, params_of, space_of
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem


class Dehb:
    """A run of DEHB."""

    def __init__(self, optimizer: DEHB) -> None:
        self._optimizer = optimizer

    def ask(self) -> Asked:
        info: dict[str, Any] = self._optimizer.ask()
        return Asked(info["config_id"], params_of(info["config"]), info["fidelity"], info)

    def tell(self, info: dict[str, Any], value: float | None) -> None:
        fitness = inf if value is None else value
        self._optimizer.tell(info, {"fitness": fitness, "cost": info["fidelity"]})


def search(problem: Problem, n_slots: int, seed: int, core_seconds: float) -> list[Found]:
    """Search a problem; return its incumbents."""
    logger.remove()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = DEHB(
            f=lambda *_, **__: {},
            cs=space_of(problem, seed),
            min_fidelity=1,
            max_fidelity=problem.n_epochs,
            n_workers=1,  # more would start Dask, which asking and telling needs not
            seed=seed,
            output_path=folder,
            save_freq=None,
        )
        method = Budgeted(Dehb(optimizer), problem.n_epochs)
        return clock.search(method, problem, n_slots, core_seconds)


METHODS = {"dehb": search}
