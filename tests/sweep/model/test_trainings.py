"""What the model is told of trainings, and when it learns."""

from typing import Any

import numpy as np
import pytest

from sweep.model import trainings
from sweep.model.learning import Known, Learning
from sweep.model.model import Goal, Model
from sweep.model.trainings import Training, values_of
from sweep.trials.domains import Domain, Float

X: dict[str, Domain] = {"x": Float(0, 1)}


def training(x: float, *values: float, n_epochs: int = 8, runs_to: int = 0) -> Training:
    score = values[-1] if len(values) == n_epochs else None
    curve = dict(enumerate(values, 1))
    return Training({"x": x}, curve, len(values), score, runs_to)


def curve(x: float, n: int) -> list[float]:
    """A bowl around 0.3, towards which values fall."""
    return [(x - 0.3) ** 2 + 0.5 / epoch for epoch in range(1, n + 1)]


def test_of_a_curve_every_second_power_and_the_last_value_are_used() -> None:
    told = [training(0.1, *range(7)), training(0.2, *range(8)), Training({"x": 0.3}, {}, 0)]
    used = [(value.training, value.epoch) for value in values_of(told)]
    assert used == [(0, 1), (0, 2), (0, 4), (0, 7), (1, 1), (1, 2), (1, 4), (1, 0)]


def test_of_too_many_the_latest_curves_and_the_best_ends_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [training(0.1, 9.0 - i, 8.0 - i, 7.0 - i) for i in range(4)]
    monkeypatch.setattr(trainings, "MAX_VALUES", 6)
    used = [(value.training, value.epoch) for value in values_of(told)]
    assert used == [(0, 3), (1, 3), (2, 3), (3, 1), (3, 2), (3, 3)]
    monkeypatch.setattr(trainings, "MAX_VALUES", 3)
    assert [value.training for value in values_of(told)] == [1, 2, 3]


def known(n: int) -> Known:
    rng = np.random.default_rng(0)
    return Known(X, [training(float(x), *curve(float(x), 2)) for x in rng.random(n)], 8)


def test_a_resumed_run_learns_the_same_hyperparameters() -> None:
    one, other = Learning(), Learning()
    for n in range(1, 31):
        one.count(lambda n=n: known(n))  # type: ignore[misc]
        one.learned()
    for n in range(1, 31):
        other.count(lambda n=n: known(n))  # type: ignore[misc]
    assert other.learned() == one.learned() == Model(*known(29)).learned  # 26, 29, 33, ...
    assert Learning().learned() is None


def test_nothing_is_learned_of_trainings_that_have_not_begun() -> None:
    learning = Learning()
    for _ in range(9):
        learning.count(lambda: Known(X, [Training({"x": 0.1}, {}, 0)], 8))
    assert learning.learned() is None


def model(*more: Training) -> Model:
    whole = [training(x, *curve(x, 8)) for x in (0.0, 0.15, 0.5, 0.9)]
    begun = [training(x, *curve(x, 1)) for x in (0.25, 0.7, 1.0)]
    return Model(X, [*whole, *begun, *more], 8)


def test_what_paused_trainings_come_to_is_foreseen() -> None:
    median, low, high = model().expect([4, 5, 6])
    truth = np.array([curve(x, 8)[-1] for x in (0.25, 0.7, 1.0)])
    assert (np.argsort(median) == np.argsort(truth)).all()
    assert (low < median).all()
    assert (median < high).all()
    assert (np.abs(median - truth) < 2 * (high - low)).all()


def test_the_best_paused_training_is_worth_most() -> None:
    some = model()
    assert some.worth([4, 5, 6], Goal(8, 0.01)).argmax() == 0
    assert some.chance([4, 5, 6]).argmax() == 0
    assert some.worth([4], Goal(1, 0.01))[0] < some.worth([4], Goal(8, 0.01))[0]
    assert some.worth([4], Goal(8, 1.0))[0] < some.worth([4], Goal(8, 0.01))[0]


def test_the_suggestion_is_new_near_the_best_and_always_the_same() -> None:
    found: Any = [model().suggest(np.random.default_rng(3))["x"] for _ in range(2)]
    assert found[0] == found[1]
    assert abs(found[0] - 0.3) < 0.15
    assert found[0] not in (0.0, 0.15, 0.5, 0.9, 0.25, 0.7, 1.0)


def test_running_trainings_are_believed_so_that_others_are_suggested() -> None:
    whole = [training(x, *curve(x, 8)) for x in (0.0, 1.0)]
    alone: Any = Model(X, whole, 8).suggest(np.random.default_rng(3))["x"]
    running = Training({"x": alone}, {}, 0, None, 8)
    beside: Any = Model(X, [*whole, running], 8).suggest(np.random.default_rng(3))["x"]
    assert abs(beside - alone) > 0.05
