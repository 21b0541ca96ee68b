"""What does a trial cost beside its training? 9 parameters, 3 epochs of no work, 100 trials.

python -m tests.benchmarks.bookkeeping      (from the root of the repository; half a minute)

Prints milliseconds of wall clock per trial: sweep in this process and on two Ray slots, Ray's start
left out, against Optuna alone with its SQLite storage as it comes, and in memory. Only sweep
keeps every metric of every epoch, and what a restart needs.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna

import sweep
from sweep.checkpoint_folder import CheckpointFolder
from sweep.conductor import pools
from sweep.database import Database
from sweep.driver import Driver, Limits
from sweep.ledger import Ledger
from sweep.sqlite import SQLiteFile

N_TRIALS = 100


def space(trial: Any) -> dict[str, float]:
    return {f"x{i}": trial.suggest_float(f"x{i}", -1, 1) for i in range(9)}


def train(config: dict[str, float], *_: object) -> Iterator[dict[str, float]]:
    for epoch in range(3):
        yield {"loss": sum(x * x for x in config.values()) / (epoch + 1)}


def objective(trial: optuna.Trial) -> float:
    for epoch, metrics in enumerate(train(space(trial))):
        trial.report(metrics["loss"], epoch)
    return metrics["loss"]


def of_sweep(folder: Path, pool_name: Any) -> float:
    study = sweep.Study(
        name="cost", space=space, train=train, minimize="loss", trials=N_TRIALS, duplicates="rerun"
    )
    options = sweep.Options(pool=pool_name, slots=2)
    file = SQLiteFile(folder / "sweep.db")
    with closing(Database(file)) as database, pools(options) as make_pool:
        table = database.ensure("cost", minimize=True, attributes={})
        ledger = Ledger(study, table, CheckpointFolder(folder, "cost"))
        with closing(make_pool(study, None, 2)) as pool:
            began = time.perf_counter()
            Driver(study, ledger, Limits(), lambda *_: None).run(pool)
            return time.perf_counter() - began


def of_optuna(storage: str | None) -> float:
    began = time.perf_counter()
    optuna.create_study(storage=storage).optimize(objective, n_trials=N_TRIALS)
    return time.perf_counter() - began


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for pool in ("inline", "ray"):
            (folder / pool).mkdir()
        ways: dict[str, Callable[[], float]] = {
            "sweep, in this process": lambda: of_sweep(folder / "inline", "inline"),
            "sweep, two Ray slots": lambda: of_sweep(folder / "ray", "ray"),
            "Optuna, its SQLite storage": lambda: of_optuna(f"sqlite:///{folder}/optuna.db"),
            "Optuna, in memory": lambda: of_optuna(None),
        }
        for way, run in ways.items():
            print(f"{way:28} {run() / N_TRIALS * 1000:7.1f} ms per trial", flush=True)


main()
