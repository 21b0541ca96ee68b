"""The tester is tested: a gradient that is off by a thousandth is caught."""

from dataclasses import dataclass

import numpy as np
import pytest

import netlib as nl


@dataclass(eq=False)
class Scale(nl.Layer):
    """y = 3 * factor * x, with gradients off by the given factors."""

    off_x: float = 1.0
    off_factor: float = 1.0

    def _build(self, in_shape, _rng, /):
        self._add_param("factor", np.full(in_shape, 0.7))
        return in_shape

    def _forward(self, x, _mode, /):
        def backward(dy):
            self.grads["factor"][...] = (3 * dy * x).sum(axis=0) * self.off_factor
            return 3 * self.params["factor"] * dy * self.off_x

        return 3 * self.params["factor"] * x, backward


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("wrong", ["x", "factor", None])
def test_an_error_of_a_thousandth_is_caught(wrong, seed, draw):
    layer = Scale(**({f"off_{wrong}": 1.001} if wrong else {}))
    layer.build((5,), np.random.default_rng(0), np.float64)
    errors = nl.gradient_errors(layer, draw(4, 5, dtype=np.float64), seed=seed)
    for name, error in errors.items():
        assert (5e-4 < error < 2e-3) if name == wrong else error < 1e-7


def test_the_check_puts_everything_back(draw):
    layer = Scale()
    layer.build((5,), np.random.default_rng(0), np.float64)
    nl.gradient_errors(layer, draw(4, 5, dtype=np.float64))
    assert (layer.params["factor"] == 0.7).all()


def test_float32_is_refused(draw, rng):
    point = draw(3).copy()
    with pytest.raises(nl.ShapeError, match=r"expected a float64 point, got float32; build the"):
        nl.directional_error(lambda: 0.0, point, point, rng)
