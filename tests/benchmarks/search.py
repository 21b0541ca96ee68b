"""Does TPE find worse solutions when it sees only a bounded number of trials?

python -m tests.benchmarks.search [--trials 1000] [--slots 10] [--seeds 5]

Minimises known functions with the default `sampler_memory` and with all trials shown to TPE. Prints
the best value and the median of the last 100 trials, as mean and standard deviation over seeds.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import Any

import click

import sweep
from sweep.samplers.sampler import Sampler
from sweep.trials.records import Ending, TrialRecord
from tests.benchmarks import simulation

Function = Callable[[dict[str, Any]], float]


def plane(trial: sweep.Trial) -> dict[str, Any]:
    return {name: trial.suggest_float(name, -5, 5) for name in "abcdef"}


def rosenbrock(params: dict[str, Any]) -> float:
    """Return the height of a curved valley: 0 at (1, ..., 1)."""
    x = list(params.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def rastrigin(params: dict[str, Any]) -> float:
    """Return the height of a bowl with a dent at each whole number: 0 at the origin."""
    return sum(x * x + 10 - 10 * math.cos(2 * math.pi * x) for x in params.values())


def tree(trial: sweep.Trial) -> dict[str, Any]:
    kind = trial.suggest_categorical("kind", ("wide", "deep"))
    names = ("a", "b") if kind == "wide" else ("a", "c", "d", "e")
    return {"kind": kind} | {name: trial.suggest_float(name, -5, 5) for name in names}


def branches(params: dict[str, Any]) -> float:
    """Choose one of two bowls, of 2 and 4 parameters, one shared; the larger is lower: 0 at 1."""
    numbers = [value for name, value in params.items() if name != "kind"]
    return sum((x - 1) ** 2 for x in numbers) + (params["kind"] == "wide")


def mixed(params: dict[str, Any]) -> float:
    """Combine nine parameters of all kinds, as in `simulation`."""
    return simulation.loss(params, simulation.EPOCHS)


FUNCTIONS: dict[str, tuple[Callable[[sweep.Trial], dict[str, Any]], Function]] = {
    "mixed": (simulation.space, mixed),
    "rosenbrock": (plane, rosenbrock),
    "rastrigin": (plane, rastrigin),
    "branches": (tree, branches),
}


def search(name: str, memory: int | None, seed: int, n_trials: int, n_slots: int) -> list[float]:
    """Trials that end in the order in which they started.

    Returns:
        The best value, the median of the last 100, and milliseconds of processor time per trial.
    """
    space, function = FUNCTIONS[name]
    study = sweep.Study(
        name=name,
        space=space,
        train=space,
        minimize="loss",
        seed=seed,
        sampler="tpe",
        sampler_memory=memory,
    )
    sampling, running, losses = Sampler(study), deque[TrialRecord](), []
    began = time.process_time()
    for number in range(n_trials):
        trial = sampling.ask(number)
        running.append(
            TrialRecord(number, trial.params, trial.domains, {}, seed=0, endings_known=0)
        )
        if len(running) == n_slots:
            record = running.popleft()
            losses.append(function(record.params))
            record.ending, record.score, record.ending_number = (
                Ending.COMPLETE,
                losses[-1],
                len(losses),
            )
            sampling.tell(record)
    seconds = time.process_time() - began
    return [min(losses), median(losses[-100:]), 1000 * seconds / n_trials]


@click.command()
@click.option("--trials", default=1000)
@click.option("--slots", default=10)
@click.option("--seeds", default=5)
@click.option("--function", "names", multiple=True, default=tuple(FUNCTIONS))
def main(trials: int, slots: int, seeds: int, names: tuple[str, ...]) -> None:
    """Search each function with and without a bound."""
    print("| Function | Shown | Best | Median of the last 100 | ms per question |")
    print("| --- | --- | --: | --: | --: |")
    for name in names:
        for memory in (sweep.Study.sampler_memory, None):
            found = [search(name, memory, seed, trials, slots) for seed in range(seeds)]
            best, last = (
                f"{fmean(values):.3f} ± {stdev(values):.3f}"
                for values in list(zip(*found, strict=True))[:2]
            )
            cost = fmean(values[2] for values in found)
            print(f"| {name} | {memory or 'all'} | {best} | {last} | {cost:.1f} |", flush=True)


if __name__ == "__main__":
    main()
