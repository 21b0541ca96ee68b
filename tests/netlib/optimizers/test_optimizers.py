"""Optimizers: hand-computed steps and the contract that all of them keep."""

import inspect
import json

import numpy as np
import pytest

import netlib as nl
from netlib.optimizers.optimizer import BLOCK

OPTIMIZERS = {
    "sgd": nl.SGD,
    "momentum": lambda: nl.SGD(momentum=0.9),
    "nesterov": lambda: nl.SGD(momentum=0.9, nesterov=True),
    "adam": nl.Adam,
    "adamw": lambda: nl.Adam(weight_decay=0.1),
}

every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


def test_every_public_optimizer_is_in_the_table():
    classes = filter(inspect.isclass, (getattr(nl, name) for name in nl.__all__))
    public = {kind for kind in classes if issubclass(kind, nl.Optimizer)}
    assert public - {nl.Optimizer} == {type(make()) for make in OPTIMIZERS.values()}


def test_sgd_walks_against_the_gradient():
    parameters = np.float32([1, 2])
    nl.SGD().step(parameters, np.float32([4, -4]), 0.25)
    assert parameters.tolist() == [0, 3]


def test_momentum_adds_half_of_the_last_step():
    optimizer, parameters = nl.SGD(momentum=0.5), np.float32([0])
    for expected in (-1, -2.5, -4.25):
        optimizer.step(parameters, np.float32([1]), 1.0)
        assert parameters.tolist() == [expected]


def test_two_steps_of_adam_by_hand():
    optimizer = nl.Adam(beta1=0.5, beta2=0.75, epsilon=1e-12)
    parameters = np.float64([10.0])
    optimizer.step(parameters, np.float64([4.0]), 1.0)  # m = 2, v = 4: 2/0.5 / sqrt(4/0.25) = 1
    assert parameters[0] == pytest.approx(9.0)
    optimizer.step(parameters, np.float64([-2.0]), 1.0)  # m = 0, v = 3 + 1 = 4
    assert parameters[0] == pytest.approx(9.0)
    optimizer.step(parameters, np.float64([2.0]), 1.0)  # m = 1, v = 4; 1/0.875, 4/0.578125
    assert parameters[0] == pytest.approx(9.0 - (1 / 0.875) / np.sqrt(4 / 0.578125))


def test_nesterov_steps_by_the_gradient_and_half_of_the_new_velocity():
    optimizer, parameters = nl.SGD(momentum=0.5, nesterov=True), np.float32([0])
    for expected in (-1.5, -3.25, -5.125):  # v = 1, 1.5, 1.75; steps of 1 + v/2
        optimizer.step(parameters, np.float32([1]), 1.0)
        assert parameters.tolist() == [expected]


@pytest.mark.parametrize("make", [nl.SGD, nl.Adam])
def test_weight_decay_shrinks_the_parameters_beside_the_step(make, draw):
    decayed, plain = draw(9).copy(), draw(9).copy()
    decayed[...] = plain
    expected, gradients = 0.95 * plain, draw(9)  # 1 - 0.1 * 0.5
    step = plain.copy()
    make().step(step, gradients, 0.1)
    make(weight_decay=0.5).step(decayed, gradients, 0.1)
    np.testing.assert_allclose(decayed, expected + (step - plain), rtol=1e-5, atol=1e-7)


def test_weight_decay_stays_out_of_the_velocity():
    optimizer, parameters = nl.SGD(momentum=0.5, weight_decay=0.5), np.float32([8])
    optimizer.step(parameters, np.float32([0]), 1.0)
    assert parameters.tolist() == [4]
    assert optimizer.moments["velocity"].tolist() == [0]


@pytest.mark.parametrize(("clip_norm", "expected"), [(2.5, [-1.5, -2]), (5, [-3, -4])])
def test_gradients_are_clipped_to_their_norm_over_all_parameters(clip_norm, expected):
    parameters, gradients = np.zeros(2, np.float32), np.float32([3, 4])  # of norm 5
    nl.SGD(clip_norm=clip_norm).step(parameters, gradients, 1.0)
    assert parameters.tolist() == expected
    assert gradients.tolist() == [3, 4]


@every_optimizer
@pytest.mark.parametrize("size", [1, BLOCK, BLOCK + 1, 3 * BLOCK - 5])
def test_blocks_change_nothing(make, size, rng):
    start, gradients = rng.standard_normal((2, size)).astype(np.float32)
    whole, pieces = start.copy(), start.copy()
    optimizer, others = make(), [make() for _ in range(0, size, 1000)]
    for _ in range(3):
        optimizer.step(whole, gradients, 0.1)
        for i, other in enumerate(others):
            part = slice(1000 * i, 1000 * (i + 1))
            other.step(pieces[part], gradients[part], 0.1)
    np.testing.assert_array_equal(whole, pieces)


@every_optimizer
def test_a_zero_gradient_changes_nothing(make, draw):
    parameters, optimizer = draw(9).copy(), make()
    before, optimizer.weight_decay = parameters.copy(), 0
    optimizer.step(parameters, np.zeros(9, np.float32), 0.1)
    np.testing.assert_array_equal(parameters, before)


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_quadratic_descends_and_the_state_keeps_the_dtype(make, dtype, draw):
    optimizer, parameters = make(), draw(9, dtype=dtype).copy()
    before = float(np.square(parameters).sum())
    for _ in range(20):
        optimizer.step(parameters, 2 * parameters, 0.01)
    assert np.square(parameters).sum() < before
    assert {m.dtype for m in optimizer.state()["moments"].values()} <= {np.dtype(dtype)}


@every_optimizer
def test_a_restored_optimizer_continues_bit_for_bit(make, draw):
    parameters, first = draw(9).copy(), make()
    for _ in range(3):
        first.step(parameters, draw(9), 0.1)
    state = first.state()
    second, copy = make(), parameters.copy()
    second.restore(state)
    for moment in state["moments"].values():
        moment[...] = np.nan  # the state was copied
    gradients = draw(9)
    first.step(parameters, gradients, 0.1)
    second.step(copy, gradients, 0.1)
    np.testing.assert_array_equal(parameters, copy)


@every_optimizer
def test_a_fresh_state_restores_and_is_json_beside_its_arrays(make):
    state = make().state()
    assert json.loads(json.dumps(state)) == {"n_steps": 0, "moments": {}}
    make().restore(state)


def test_the_state_of_another_kind_is_refused(draw):
    adam = nl.Adam()
    adam.step(draw(3).copy(), draw(3), 0.1)
    with pytest.raises(nl.StateError, match=r"SGD\(.*\): expected a state with the mom"):
        nl.SGD().restore(adam.state())


def test_another_number_of_parameters_is_refused(draw):
    adam = nl.Adam()
    adam.step(draw(3).copy(), draw(3), 0.1)
    with pytest.raises(nl.StateError, match=r"expected 3 parameters as in the steps before, got 4"):
        adam.step(draw(4).copy(), draw(4), 0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.SGD(momentum=1), r"SGD: expected momentum in \[0, 1\), got 1"),
        (lambda: nl.SGD(nesterov=True), r"SGD: expected momentum in \(0, 1\), got 0"),
        (lambda: nl.SGD(weight_decay=-1), r"SGD: expected weight_decay in \[0, inf\), got -1"),
        (lambda: nl.Adam(clip_norm=0), r"Adam: expected clip_norm in \(0, inf\), got 0"),
        (lambda: nl.Adam(beta1=1), r"Adam: expected beta1 in \[0, 1\), got 1"),
        (lambda: nl.Adam(beta2=-1), r"Adam: expected beta2 in \[0, 1\), got -1"),
        (lambda: nl.Adam(epsilon=0), r"Adam: expected epsilon in \(0, inf\), got 0"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()
