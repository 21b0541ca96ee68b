"""Both ways to convolve agree, and the choice between them depends on sizes alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.convolution.choice import Convolution, convolution
from netlib.convolution.columns import Columns
from netlib.convolution.geometry import Geometry
from netlib.convolution.strips import StripConvolution
from netlib.scratch import Scratch


def passes(engine: Convolution, x, weight, dy, *, input_gradient=True) -> list[np.ndarray]:
    """Return copies of y, dx and the gradients of weight and bias."""
    bias = np.arange(weight.shape[3], dtype=weight.dtype)
    grads = {"weight": np.empty_like(weight), "bias": np.empty_like(bias)}
    y, kept = engine.forward(x, weight, bias)
    dx = engine.backward(kept, dy, weight, grads, input_gradient=input_gradient)
    return [array.copy() for array in (y, dx, *grads.values())]


@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("padding", ["same", "valid"])
@settings(deadline=None, max_examples=15)
@given(
    rows=st.integers(7, 17),
    columns=st.integers(7, 13),
    channels=st.integers(1, 4),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_toom_cook_agrees_with_columns(kernel, padding, rows, columns, channels, counts):
    rng = np.random.default_rng(rows)
    geometry = Geometry((rows, columns, channels), 3, kernel, padding, 1)
    weight = rng.standard_normal((kernel, kernel, channels, 3))
    engine, exact = StripConvolution(geometry, Scratch()), Columns(geometry, Scratch())
    engine.block = 2
    for n in counts:  # the scratch memory of the batch before is full of its values
        x, dy = (
            rng.standard_normal((n, *geometry.in_shape)),
            rng.standard_normal((n, *geometry.out_shape)),
        )
        for one, other in zip(
            passes(engine, x, weight, dy), passes(exact, x, weight, dy), strict=True
        ):
            np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize(
    ("kernel", "size", "channels", "filters"),
    [(5, 28, 16, 32), (5, 14, 48, 64), (3, 28, 32, 32), (3, 7, 128, 128), (7, 28, 16, 16)],
)
def test_toom_cook_rounds_to_less_than_a_ten_thousandth(kernel, size, channels, filters):
    rng = np.random.default_rng(0)
    geometry = Geometry((size, size, channels), filters, kernel, "same", 1)
    x = rng.standard_normal((3, *geometry.in_shape)).clip(0)
    weight, dy = (
        rng.standard_normal((kernel, kernel, channels, filters)),
        rng.standard_normal((3, *geometry.out_shape)),
    )
    exact = passes(Columns(geometry, Scratch()), x, weight, dy)
    rounded = (array.astype(np.float32) for array in (x, weight, dy))
    for one, other in zip(
        passes(StripConvolution(geometry, Scratch()), *rounded), exact, strict=True
    ):
        assert np.abs(one - other).max() < 3e-5 * np.abs(other).max()


def test_convolutions_choose_by_their_sizes_alone():
    def way(channels: int, kernel: int, stride: int = 1) -> type:
        geometry = Geometry((14, 14, channels), 8, kernel, "same", stride)
        return type(convolution(geometry, Scratch()))

    assert way(16, 5) is way(16, 3) is StripConvolution
    assert way(1, 5) is way(16, 1) is way(16, 5, 2) is Columns
