"""What is to come: where curves lead, and how good the best training will be after some more."""

import numpy as np
import pytest

from sweep.model.ahead import N_DRAWS, Budget, ModelAhead
from sweep.model.trainings import Training
from sweep.trials.domains import Float, Int, Params

EPOCHS = 9


def training(x: float, n_epochs: int = EPOCHS) -> Training:
    """A curve that falls from epoch to epoch to x squared."""
    curve = {epoch: x * x + 1 / epoch for epoch in range(1, n_epochs + 1)}
    return Training({"x": x}, curve, n_epochs, curve[EPOCHS] if n_epochs == EPOCHS else None)


def model_of(*trainings: Training) -> ModelAhead:
    return ModelAhead({"x": Float(-1, 1)}, trainings, EPOCHS)


DONE = [training(x) for x in np.linspace(-0.9, 0.8, 9).tolist()]


def best(model: ModelAhead, budget: Budget) -> float:
    drawn = model.best_after(budget, np.random.default_rng(0))
    assert drawn.shape == (N_DRAWS,)
    return float(np.median(drawn))


def test_a_curve_leads_where_others_led_the_more_certainly_the_longer_it_is() -> None:
    model = model_of(*DONE, training(0.3, n_epochs=3), training(-0.35, n_epochs=7))
    epochs = [4, 6, 9]
    middle, low, high = model.path(9, epochs)
    assert middle == pytest.approx([0.09 + 1 / epoch for epoch in epochs], abs=0.06)
    assert (low < middle).all()
    assert (middle < high).all()
    _, low_of_long, high_of_long = model.path(10, [9])
    assert high_of_long[0] - low_of_long[0] < high[2] - low[2]
    assert [middle[2], low[2], high[2]] == pytest.approx([each[0] for each in model.expect([9])])


def test_a_larger_budget_promises_more_and_one_too_small_nothing() -> None:
    model = model_of(*DONE)
    some, many = (Budget(n, {}, 1.0, chooses=False) for n in (2.0, 50.0))
    assert best(model, many) < best(model, some)
    none = model.best_after(Budget(0.9, {}, 1.0, chooses=True), np.random.default_rng(0))
    assert none.shape == (0,)


def test_trainings_chosen_by_the_model_promise_more_than_those_drawn_at_random() -> None:
    model = model_of(*DONE)
    chosen, drawn = (Budget(2.0, {}, 1.0, chooses=chooses) for chooses in (True, False))
    assert best(model, chosen) < best(model, drawn)


def test_the_budget_pays_for_the_paused_training_that_promises_most() -> None:
    model = model_of(*DONE, training(-0.01, n_epochs=6), training(0.95, n_epochs=3))
    budget = Budget(1.0, {9: 1.0, 10: 1.0}, 2.0, chooses=True)
    assert best(model, budget) == pytest.approx(1 / 9, abs=0.05)


def test_nothing_is_left_of_a_grid_that_is_complete() -> None:
    grid: list[Params] = [{"k": k} for k in range(1, 7)]
    trainings = [Training(p, {1: float(i)}, 1, float(i)) for i, p in enumerate(grid)]
    model = ModelAhead({"k": Int(1, 6)}, trainings, 1)
    for chooses in (True, False):
        budget = Budget(9.0, {}, 1.0, chooses=chooses)
        assert not len(model.best_after(budget, np.random.default_rng(0)))


def test_the_same_random_numbers_draw_the_same_futures() -> None:
    one, other = (
        model_of(*DONE).best_after(Budget(5.0, {}, 1.0, chooses=True), np.random.default_rng(3))
        for _ in range(2)
    )
    assert one.tolist() == other.tolist()
