"""What does a trial cost beside its training? 9 parameters and 3 epochs of no work, 2 slots.

python -m tests.benchmarks.overhead     (needs the extra [bench]; from the root of the repository)

Prints milliseconds of wall clock per trial, each divided by that of sweep on Ray: sweep on two Ray
slots and in this process; Ray Tune with OptunaSearch, two trials at a time, a process for each
trial and with reused ones; Optuna alone with its SQLite storage as it comes, and in memory.
Starting Ray is left out everywhere. Only sweep keeps every metric of every epoch in a database.
"""

import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import ray
from ray import tune
from ray.tune.search.optuna import OptunaSearch

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.driver.pools import Pools
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile

N_TRIALS = 100
N_TRIALS_OF_TUNE = 30
NAMES = [f"x{i}" for i in range(9)]


def space(trial: Any) -> dict[str, float]:
    return {name: trial.suggest_float(name, -1, 1) for name in NAMES}


def train(config: dict[str, float], *_: object) -> Iterator[dict[str, float]]:
    for epoch in range(3):
        yield {"loss": sum(x * x for x in config.values()) / (epoch + 1)}


def of_sweep(folder: Path, pool_name: Any) -> float:
    study = sweep.Study(
        name="cost", space=space, train=train, minimize="loss", trials=N_TRIALS, duplicates="rerun"
    )
    options = sweep.Options(pool=pool_name, slots=2)
    file = SQLiteFile(folder / "sweep.db")
    with closing(Database(file)) as database, closing(Pools(options)) as pools:
        table = database.ensure("cost", minimize=True, attributes={})
        ledger = open_ledger(study, table, LocalCheckpoints(folder, "cost"))
        with closing(pools.open(study, None, 2)) as pool:
            return _seconds_per(
                N_TRIALS, lambda: Driver(study, ledger, Options(), lambda *_: None).run(pool)
            )


def of_optuna(storage: str | None) -> float:
    def objective(trial: optuna.Trial) -> float:
        for epoch, metrics in enumerate(train(space(trial))):
            trial.report(metrics["loss"], epoch)
        return metrics["loss"]

    study = optuna.create_study(storage=storage)
    return _seconds_per(N_TRIALS, lambda: study.optimize(objective, n_trials=N_TRIALS))


class Trainable(tune.Trainable):
    """The same training as Tune wants it where it is to reuse processes."""

    def setup(self, config: dict[str, Any]) -> None:
        self.epochs = enumerate(train(config), start=1)

    def step(self) -> dict[str, Any]:
        epoch, metrics = next(self.epochs)
        return metrics | {"done": epoch == 3}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """There is no state."""


def function(config: dict[str, float]) -> None:
    for metrics in train(config):
        tune.report(metrics)


def of_tune(folder: Path, trainable: Any, *, reuse_actors: bool) -> float:
    tuner = tune.Tuner(
        trainable,
        param_space={name: tune.uniform(-1, 1) for name in NAMES},
        tune_config=tune.TuneConfig(
            metric="loss",
            mode="min",
            search_alg=OptunaSearch(),
            num_samples=N_TRIALS_OF_TUNE,
            max_concurrent_trials=2,
            reuse_actors=reuse_actors,
        ),
        run_config=tune.RunConfig(storage_path=str(folder), verbose=0),
    )
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        return _seconds_per(N_TRIALS_OF_TUNE, tuner.fit)
    finally:
        ray.shutdown()


def _seconds_per(n_trials: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / n_trials


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.ERROR)
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for pool in ("inline", "ray"):
            (folder / pool).mkdir()
        ways: dict[str, Callable[[], float]] = {
            "sweep, two Ray slots": lambda: of_sweep(folder / "ray", "ray"),
            "sweep, in this process": lambda: of_sweep(folder / "inline", "inline"),
            "Ray Tune": lambda: of_tune(folder, function, reuse_actors=False),
            "Ray Tune, reused processes": lambda: of_tune(folder, Trainable, reuse_actors=True),
            "Optuna, its SQLite storage": lambda: of_optuna(f"sqlite:///{folder}/optuna.db"),
            "Optuna, in memory": lambda: of_optuna(None),
        }
        ours = None
        for way, run in ways.items():
            cost = run()
            ours = ours or cost
            print(f"{way:28} {cost * 1000:8.1f} ms per trial {cost / ours:8.2f}", flush=True)


if __name__ == "__main__":
    main()
