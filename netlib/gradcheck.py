"""Check gradients against finite differences.

One random direction v is enough: the slope of f along v is (f(p + hv) - f(p - hv)) / 2h, and it
must equal the scalar product of v with the gradient. Two evaluations check a whole array.
"""

from collections.abc import Callable

import numpy as np

from netlib.arrays import Array, Rng
from netlib.errors import ShapeError
from netlib.layers.layer import Layer


def directional_error(
    function: Callable[[], float], point: Array, gradient: Array, rng: Rng, step: float = 1e-5
) -> float:
    """Compare a gradient with the slope of a function along one random direction.

    Args:
        function: Computes the value from the current contents of `point`.
        point: float64 array that `function` reads; changed here and restored.
        gradient: The gradient to check, of the same shape.
        rng: Draws the direction.
        step: h, length of the step relative to values of about 1.

    Returns:
        |slope - expected| / max(|slope|, |expected|): about 1e-9 if the gradient is right.

    Raises:
        ShapeError: If the point is not float64: float32 rounding would hide the error.
    """
    if point.dtype != np.float64:
        raise ShapeError(
            f"directional_error: expected a float64 point, got {point.dtype}; "
            "build the layer with dtype=np.float64"
        )
    direction = rng.standard_normal(point.shape)
    origin = point.copy()
    values = []
    for sign in (1, -1):
        point[...] = origin + sign * step * direction
        values.append(function())
    point[...] = origin
    slope = (values[0] - values[1]) / (2 * step)
    expected = float(np.vdot(direction, gradient))
    return abs(slope - expected) / max(abs(slope), abs(expected), np.finfo(np.float64).tiny)


def gradient_errors(layer: Layer, x: Array, seed: int = 0) -> dict[str, float]:
    """Check all gradients of a layer or a network, in training mode.

    Args:
        layer: Built with dtype float64.
        x: (N, *in_shape) float64 batch.
        seed: Seeds the directions, and the random numbers that the layer itself draws.

    Returns:
        The error of `directional_error` for "x" and for each parameter by name.

    Raises:
        ShapeError: If x is not a float64 batch for this layer.
    """
    rng = np.random.default_rng(seed)
    point = x.copy()
    y, backward = layer.forward(point, train=True, rng=np.random.default_rng(seed))
    dy = rng.standard_normal(y.shape)
    dx = backward(dy).copy()

    def value() -> float:
        y, _ = layer.forward(point, train=True, rng=np.random.default_rng(seed))
        return float(np.vdot(y, dy))

    errors = {"x": directional_error(value, point, dx, rng)}
    for name, param in layer.params.items():
        errors[name] = directional_error(value, param, layer.grads[name], rng)
    return errors
