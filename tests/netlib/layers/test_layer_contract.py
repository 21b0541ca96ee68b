"""What every layer promises, for each in the table of cases."""

import inspect
import pickle
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

import netlib as nl
from netlib import layers
from tests.netlib.cases import CASES, every_layer


def build(make: Callable[[], nl.Layer], in_shape: nl.Shape, dtype: type = np.float32) -> nl.Layer:
    layer = make()
    layer.build(in_shape, np.random.default_rng(1), dtype)
    return layer


def run(layer: nl.Layer, x: nl.Array, dy: nl.Array, **settings: bool) -> list[nl.Array]:
    """Return y, dx and the gradients of one training step, copied out of the scratch memory."""
    y, backward = layer.forward(x, train=True, rng=np.random.default_rng(2), **settings)
    results = [y.copy(), backward(dy).copy()]
    return results + [grad.copy() for grad in layer.grads.values()]


def test_every_layer_in_the_folder_is_on_the_list():
    modules = [import_module(f"netlib.layers.{m.name}") for m in iter_modules(layers.__path__)]
    found = {
        name
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, nl.Layer) and not inspect.isabstract(kind)
    }
    assert found - {"Sequential"} == {*layers.__all__}


def test_every_public_layer_is_in_the_table():
    public = {
        name
        for name in nl.__all__
        if inspect.isclass(getattr(nl, name)) and issubclass(getattr(nl, name), nl.Layer)
    }
    assert public - {"Layer"} == {type(make()).__name__ for make, _, _ in CASES}


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_dtypes_are_as_promised(make, in_shape, out_shape, dtype, draw):
    layer = make()
    assert layer.build(in_shape, np.random.default_rng(1), dtype) == out_shape
    assert (layer.in_shape, layer.out_shape, layer.dtype) == (in_shape, out_shape, dtype)
    x, dy = draw(3, *in_shape, dtype=dtype), draw(3, *out_shape, dtype=dtype)
    y, dx, *_ = run(layer, x, dy)
    assert (y.shape, y.dtype) == (dy.shape, dtype)
    assert (dx.shape, dx.dtype) == (x.shape, dtype)
    assert layer.grads.keys() == layer.params.keys()
    for name, param in layer.params.items():
        assert (param.shape, param.dtype) == (layer.grads[name].shape, dtype)


@every_layer
def test_gradients_agree_with_finite_differences(make, in_shape, out_shape, draw):
    layer = build(make, in_shape, np.float64)
    errors = nl.gradient_errors(layer, draw(3, *in_shape, dtype=np.float64))
    assert errors.keys() == {"x", *layer.params}
    assert max(errors.values()) < 1e-6, errors


@every_layer
def test_a_batch_gives_what_its_images_give_one_by_one(make, in_shape, out_shape, draw):
    layer = build(make, in_shape, np.float64)
    x = draw(4, *in_shape, dtype=np.float64)
    together = layer.forward(x, train=False)[0].copy()
    alone = [layer.forward(x[i : i + 1], train=False)[0].copy() for i in range(4)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-12, atol=1e-12)


@every_layer
def test_inputs_are_not_modified(make, in_shape, out_shape, draw):
    x, dy = draw(3, *in_shape), draw(3, *out_shape)  # read-only
    before = x.copy(), dy.copy()
    run(build(make, in_shape), x, dy)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(dy, before[1])


@every_layer
def test_the_order_of_axes_in_memory_makes_no_difference(make, in_shape, out_shape, draw):
    layer = build(make, in_shape, np.float64)
    x, dy = draw(3, *in_shape, dtype=np.float64), draw(3, *out_shape, dtype=np.float64)
    y, backward = layer.forward(x, train=False)
    expected = [y.copy(), backward(dy).copy()]
    turned = np.repeat(x.swapaxes(0, 1), 2, axis=1)[:, ::2].swapaxes(0, 1)  # with gaps
    y, backward = layer.forward(turned, train=False)
    for one, other in zip([y, backward(dy.copy(order="F"))], expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@every_layer
def test_the_same_rng_gives_the_same_result(make, in_shape, out_shape, draw):
    x, dy = draw(3, *in_shape), draw(3, *out_shape)
    first, second = (run(build(make, in_shape), x, dy) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@every_layer
def test_evaluation_draws_no_random_numbers(make, in_shape, out_shape, draw):
    layer, rng = build(make, in_shape), np.random.default_rng(3)
    before = rng.bit_generator.state
    layer.forward(draw(3, *in_shape), train=False, rng=rng)
    assert rng.bit_generator.state == before


@every_layer
def test_changing_batch_sizes_leave_nothing_behind_in_scratch_memory(
    make, in_shape, out_shape, draw
):
    used = build(make, in_shape)
    for n in (5, 1, 7, 3):
        x, dy = draw(n, *in_shape), draw(n, *out_shape)
        fresh = run(build(make, in_shape), x, dy)
        for one, other in zip(run(used, x, dy), fresh, strict=True):
            np.testing.assert_array_equal(one, other)


@every_layer
def test_a_second_build_starts_afresh(make, in_shape, out_shape, draw):
    layer = build(make, in_shape)
    x, dy = draw(3, *in_shape), draw(3, *out_shape)
    first = run(layer, x, dy)
    layer.build(in_shape, np.random.default_rng(1))
    assert not any(grad.any() for grad in layer.grads.values())
    for one, other in zip(run(layer, x, dy), first, strict=True):
        np.testing.assert_array_equal(one, other)


@every_layer
def test_layers_pickle_without_their_scratch_memory(make, in_shape, out_shape, draw):
    layer = build(make, in_shape)
    x, dy = draw(100, *in_shape), draw(100, *out_shape)
    expected = run(layer, x, dy)
    pickled = pickle.dumps(layer)
    assert len(pickled) < 40_000
    for one, other in zip(run(pickle.loads(pickled), x, dy), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@every_layer
def test_the_wrong_shape_is_refused(make, in_shape, out_shape, draw):
    layer = build(make, in_shape)
    with pytest.raises(nl.ShapeError, match=r"expected float32 input of shape \(N, .*build the"):
        layer.forward(draw(3, *in_shape, 1), train=False)


@every_layer
def test_the_wrong_dtype_is_refused(make, in_shape, out_shape, draw):
    layer = build(make, in_shape)
    with pytest.raises(nl.ShapeError, match=r"expected float32 input .*, got float64"):
        layer.forward(draw(3, *in_shape, dtype=np.float64), train=False)


@every_layer
def test_an_unbuilt_layer_is_refused(make, in_shape, out_shape, draw):
    with pytest.raises(
        nl.NotBuiltError, match=r"expected a built layer, got a new one; call build"
    ):
        make().forward(draw(3, *in_shape), train=False)


@every_layer
def test_training_without_an_rng_is_refused(make, in_shape, out_shape, draw):
    with pytest.raises(nl.ConfigError, match=r"expected an rng for train=True, got None"):
        build(make, in_shape).forward(draw(3, *in_shape), train=True)


@pytest.mark.parametrize("make", [lambda: nl.Dense(4), lambda: nl.Conv2d(4)])
def test_no_input_gradient_is_computed_when_nobody_needs_it(make, draw):
    in_shape = (5, 5, 1) if isinstance(make(), nl.Conv2d) else (5,)
    layer = build(make, in_shape)
    x, dy = draw(3, *in_shape), draw(3, *layer.out_shape)
    _, dx, *expected = run(layer, x, dy)
    assert dx.shape == x.shape
    _, dx, *grads = run(layer, x, dy, input_gradient=False)
    assert dx.size == 0
    for one, other in zip(grads, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert run(layer, x, dy)[1].shape == x.shape  # the next pass may need it again
