"""The Gaussian process as a sampler of Optuna's studies."""

from typing import Any

import optuna
import pytest

from sweep.samplers.gp import GaussianProcess

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def bowl(trial: optuna.Trial) -> float:
    """0 where x is 0.01, the kind is "deep" and its depth is 7; only that kind has a depth."""
    x = trial.suggest_float("x", 1e-4, 1, log=True)
    distance = abs(x - 0.01) / (x + 0.01)
    if trial.suggest_categorical("kind", ("flat", "deep", None)) != "deep":
        return distance + 0.5
    return distance + abs(trial.suggest_int("depth", 1, 12) - 7) / 12


def minimised(seed: int, n_trials: int = 30) -> optuna.Study:
    study = optuna.create_study(sampler=GaussianProcess(seed))
    study.optimize(bowl, n_trials=n_trials)
    return study


def test_a_conditional_space_is_searched_to_its_lowest_point() -> None:
    study = minimised(0)
    assert study.best_params["kind"] == "deep"
    assert study.best_params["depth"] == 7
    assert study.best_value < 0.1
    assert [trial.params for trial in study.trials] == [
        trial.params for trial in minimised(0).trials
    ]
    assert study.trials[0].params != minimised(1, n_trials=1).trials[0].params


def test_what_is_to_be_maximised_is() -> None:
    study = optuna.create_study(direction="maximize", sampler=GaussianProcess())
    study.optimize(lambda trial: -bowl(trial), n_trials=30)
    assert study.best_value > -0.1


def test_curves_of_pruned_trials_are_learned_from() -> None:
    def train(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(4):
            trial.report((x - 0.8) ** 2 + 0.1 / (step + 1), step)
            if step == 1 and trial.number >= 3:
                raise optuna.TrialPruned
        return (x - 0.8) ** 2 + 0.025

    study = optuna.create_study(sampler=GaussianProcess())
    study.optimize(train, n_trials=25)
    assert sum(abs(trial.params["x"] - 0.8) < 0.15 for trial in study.trials[10:]) > 8


def test_all_of_several_objectives_are_improved() -> None:
    def both(trial: optuna.Trial) -> tuple[float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return x**2 + y, -((x - 1) ** 2) - y

    study = optuna.create_study(directions=["minimize", "maximize"], sampler=GaussianProcess())
    study.optimize(both, n_trials=30)
    late = [trial.params for trial in study.trials[10:]]
    assert sum(params["y"] < 0.2 for params in late) > 12
    assert min(params["x"] for params in late) < 0.3 < 0.7 < max(params["x"] for params in late)


def test_what_violates_a_constraint_is_avoided() -> None:
    def bounded(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_constraint("least", 0.4 - x)
        return x

    study = optuna.create_study(sampler=GaussianProcess())
    study.optimize(bounded, n_trials=30)
    late: list[Any] = [trial.params["x"] for trial in study.trials[10:]]
    assert sum(0.35 < x < 0.6 for x in late) > 10


@pytest.mark.parametrize("value", [0.5, float("inf")])
def test_trials_that_tell_nothing_do_no_harm(value: float) -> None:
    def same(trial: optuna.Trial) -> float:
        trial.suggest_int("fixed", 3, 3)
        trial.suggest_categorical("kind", ("a", "b"))
        if trial.number % 3 == 2:
            raise optuna.TrialPruned
        return value

    study = optuna.create_study(sampler=GaussianProcess())
    study.optimize(same, n_trials=12)
    assert len(study.trials) == 12
