"""This project, through its own driver, ledger, sampler and pruner, on simulated slots."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path as Folder
from typing import Any

import sweep
from sweep.driver.progress import Event, Snapshot
from sweep.trials.records import Ending, TrialRecord
from sweep.workers.messages import Progress, SlotLost
from tests.benchmarks import simulation
from tests.benchmarks.quality.path import Found, Path
from tests.benchmarks.quality.problems import Problem
from tests.benchmarks.simulation import Clock, SimulatedPool, Training, train

METRIC = "error"
MAX_TRIALS = 100_000
"""More than any budget allows: the slots' time ends a search."""

Pruner = Callable[[int], Any]
"""Makes the pruner of trainings with this number of epochs."""


class OneByOne(SimulatedPool):
    """Slots that answer one after another, even at the same moment, as those of the peers do."""

    def __init__(self, size: int, training: Training, seconds: float) -> None:
        super().__init__(size, training, Clock(work=lambda: 0.0), seconds)
        self._ready: list[tuple[int, Progress | SlotLost]] = []

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        self._ready = self._ready or super().wait(timeout_s)
        return [self._ready.pop(0)]


def training_of(problem: Problem) -> Training:
    """Return what slots train: the table's epochs at the table's costs."""

    def seconds(params: dict[str, Any], epoch: int) -> float:
        return float(problem.seconds[problem.row(params), epoch - 1])

    def metrics(params: dict[str, Any], epoch: int) -> dict[str, float]:
        return {METRIC: float(problem.values[problem.row(params), epoch - 1])}

    return Training(problem.n_epochs, seconds, metrics)


def search(
    problem: Problem,
    n_slots: int,
    seed: int,
    core_seconds: float,
    *,
    sampler: Any = "tpe",
    pruner: Pruner = lambda _: None,
    **settings: Any,
) -> list[Found]:
    """Search a problem; return its incumbents.

    Args:
        problem: The problem, as its seed sees it.
        n_slots: Number of slots.
        seed: Seed of the study.
        core_seconds: Budget.
        sampler: The study's sampler.
        pruner: Makes the study's pruner.
        **settings: Further fields of the study.
    """
    study = sweep.Study(
        name="quality",
        space=problem.draw,
        train=train,
        minimize=METRIC,
        trials=MAX_TRIALS,
        seed=seed,
        sampler=sampler,
        pruner=pruner(problem.n_epochs),
        **settings,
    )
    path, pool = Path(problem), OneByOne(n_slots, training_of(problem), core_seconds / n_slots)

    def note(_snapshot: Snapshot, event: Event) -> None:
        if isinstance(event, TrialRecord) and event.ending is Ending.COMPLETE:
            path.complete(pool.now() * n_slots, problem.row(event.params))

    with tempfile.TemporaryDirectory() as folder:
        simulation.search(study, pool, Folder(folder), note)
    return path.found


def asha(n_epochs: int) -> sweep.Asha:
    return sweep.Asha(1, 3, n_epochs)


def hyperband(n_epochs: int) -> sweep.Hyperband:
    return sweep.Hyperband(n_epochs, 1, 3)


PRUNERS: dict[str, Pruner] = {
    "": lambda _: None,
    "-asha": asha,
    "-hyperband": hyperband,
    "-freezethaw": sweep.FreezeThaw,
}
METHODS = {
    f"sweep-{sampler}{pruner}": partial(search, sampler=sampler, pruner=make)
    for sampler in ("tpe", "gp", "random")
    for pruner, make in PRUNERS.items()
}
