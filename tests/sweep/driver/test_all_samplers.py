"""One table for every sampler: on any number of slots, after any death, and in a replay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler

import sweep
from sweep.samplers.kinds import SAMPLERS
from tests.sweep.driver.shuffled import check_one_table


class Countdown(RandomSampler):
    """Keeps a number in an attribute, as samplers of users do."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.n_after = 0

    def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
        value = super().sample_independent(study, trial, name, distribution)
        return distribution.low if name == "x" and self.n_after % 3 == 2 else value

    def after_trial(self, *_: Any) -> None:
        self.n_after += 1


def small_population(seed: int) -> BaseSampler:
    return NSGAIISampler(seed=seed, population_size=5)


def flat(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("k", 1, 9)}


def conditional(trial: sweep.Trial) -> dict[str, Any]:
    config: dict[str, Any] = {"x": trial.suggest_float("x", -1, 1), "k": 1}
    if trial.suggest_categorical("kind", ("flat", "deep")) == "deep":
        config["k"] = trial.suggest_int("depth", 2, 5)
    return config


def mixed(trial: sweep.Trial) -> dict[str, Any]:
    return {
        "x": trial.suggest_float("x", 1e-3, 1, log=True),
        "k": trial.suggest_int("k", 1, 64, log=True),
        "drop": trial.suggest_float("drop", 0, 0.5, step=0.1),
        "kind": trial.suggest_categorical("kind", ("a", None, 3)),
    }


def finite(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_int("x", 0, 9), "k": trial.suggest_int("k", 1, 3)}


BROUGHT = {
    "nsga2 of 5": sweep.OptunaSampler(small_population),
    "the user's own": sweep.OptunaSampler(Countdown),
}
NAMED = {name: name for name in SAMPLERS if name != "grid"}
CASES = [
    *((sampler, space) for sampler in NAMED | BROUGHT for space in (flat, conditional, mixed)),
    ("grid", finite),
]


@pytest.mark.parametrize(("sampler", "space"), CASES)
def test_one_table_whatever_dies_and_every_suggestion_replays(
    make_study: Callable[..., sweep.Study], tmp_path: Path, sampler: str, space: Any
) -> None:
    declared = (NAMED | BROUGHT).get(sampler, sampler)
    asha = sweep.Asha(min_epochs=1, factor=2, max_epochs=4)
    study = make_study(
        space=space, sampler=declared, deterministic=True, window=4, trials=26, pruner=asha
    )
    records = check_one_table(study, tmp_path)
    assert len(records) == 26
