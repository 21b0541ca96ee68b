"""Peculiarities of RaoulLuque/ImageRecognitionFromScratch, some of them mistakes.

Each class or function deviates in one way from common practice, which netlib follows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import netlib as nl

SIDE = 28
"""Rows and columns of the images."""


@dataclass(eq=False)
class AdamByEpoch(nl.Adam):
    """Adam with a bias correction that counts epochs where it should count steps.

    The moments change with every step, but are divided by 1 - beta^t at epoch t = 1, 2, ... This is
    Adam with its learning rate times c(t) / c(n) at step n, where c(t) = sqrt(1 - beta2^t) /
    (1 - beta1^t): about a third in the first epoch, a sixth to a fifth from the fifth to the 40th.
    (Epsilon, 1e-8 next to roots of mean squares, is not corrected in this way.)

    Args:
        steps_per_epoch: Number of steps in an epoch, at least 1.
    """

    steps_per_epoch: int = 1

    def step(self, parameters: nl.Array, gradients: nl.Array, learning_rate: float) -> None:
        """Make one step, in place; see `nl.Optimizer.step`."""
        epoch = self.n_steps // self.steps_per_epoch + 1
        factor = self._correction(epoch) / self._correction(self.n_steps + 1)
        super().step(parameters, gradients, learning_rate * factor)

    def _correction(self, t: int) -> float:
        return math.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)


@dataclass(eq=False)
class UpdatedFirstDense(nl.Dense):
    """A dense layer that updates its weight, by plain SGD, before it computes the input gradient.

    dx = dy (weight - learning_rate * dweight)^T, which should be dy weight^T.

    Args:
        learning_rate: Constant learning rate of the training.
    """

    learning_rate: float = 0.0

    def _forward(self, x: nl.Array, mode: nl.Mode, /) -> tuple[nl.Array, nl.Backward]:
        y, backward = super()._forward(x, mode)

        def backward_after_update(dy: nl.Array) -> nl.Array:
            dx = backward(dy)
            if not mode.input_gradient:
                return dx
            updated = self.params["weight"] - self.learning_rate * self.grads["weight"]
            return np.matmul(dy, updated.T, out=dx)

        return y, backward_after_update


@dataclass(eq=False)
class UnscaledDropout(nl.Dropout):
    """Dropout that forgets the factor 1 / (1 - probability) in the backward pass."""

    def _forward(self, x: nl.Array, mode: nl.Mode, /) -> tuple[nl.Array, nl.Backward]:
        y, backward = super()._forward(x, mode)
        if mode.rng is None:
            return y, backward

        def backward_unscaled(dy: nl.Array) -> nl.Array:
            dx = backward(dy)
            dx *= 1 - self.probability
            return dx

        return y, backward_unscaled


@dataclass(eq=False)
class ImageFanInConv2d(nl.Conv2d):
    """A convolution with He initialisation for a fan-in of H*W*C, the whole image, not K*K*C."""

    def _build(self, in_shape: nl.Shape, rng: nl.Rng, /) -> nl.Shape:
        self.weight_init = nl.normal(math.sqrt(2 / math.prod(in_shape)))
        return super()._build(in_shape, rng)


@dataclass(frozen=True)
class WindowedStopping(nl.EarlyStopping):
    """End a training when the oldest loss in a window is hardly above the lowest one.

    The window is the last `patience` epochs; the training ends as soon as the window is full and
    loss[0] <= (1 + min_delta) * min(loss) in it. So the lowest loss of all never leaves the window.

    Args:
        cap: Number of epochs after which a training keeps its last weights if it has not ended by
            itself, because the published code restores nothing in that case; 0 for never.
    """

    cap: int = 0

    def start(self) -> dict[str, Any]:
        """Return the memory before the first epoch."""
        return super().start() | {"losses": []}

    def update(
        self,
        memory: dict[str, Any],
        number: int,
        metrics: Mapping[str, float],
        weights: nl.Weights,
    ) -> dict[str, Any]:
        """Return the memory after one more epoch; see `nl.EarlyStopping.update`."""
        losses = [*memory["losses"], metrics[self.metric]][-self.patience :]
        updated = super().update(memory, number, metrics, weights) | {"losses": losses}
        if number == self.cap and not self.exhausted(updated):
            updated["best"] = {"epoch": number, "metrics": dict(metrics), "weights": weights}
        return updated

    def exhausted(self, memory: dict[str, Any]) -> bool:
        """Return whether the training ends."""
        losses = memory["losses"]
        full = len(losses) == self.patience
        return full and bool(losses[0] <= min(losses) * (1 + self.min_delta))


@dataclass(frozen=True)
class BatchAugmentation:
    """Zoom, rotate and shift all images of a batch or none, in separate steps on whole pixels.

    Each image has its own factor in 0.8..1.2, angle in -25..25 degrees and shifts of up to a fifth
    in both directions. The zoom cuts out whole pixels and resizes them bilinearly to whole pixels;
    the rotation is around (14, 14), half a pixel off the centre; the shifts are rounded to whole
    pixels towards 0, so that a shift of 0 is twice as likely as any other.

    Args:
        probability: Probability that a batch is transformed, in [0, 1].
    """

    probability: float

    def __call__(self, images: nl.Array, rng: nl.Rng) -> nl.Array:
        """Transform a batch (N, 28, 28, 1); see `nl.Augmentation`."""
        if rng.random() >= self.probability:
            return images
        n = len(images)
        zoom = zoom_matrices(rng.uniform(0.8, 1.2, n)).astype(images.dtype)
        zoomed = zoom @ images[..., 0] @ zoom.transpose(0, 2, 1)
        angles = np.radians(rng.uniform(-25, 25, n))
        shifts = np.trunc(rng.uniform(-0.2, 0.2, (2, n)) * SIDE)
        return nl.interpolate(zoomed[..., None], *rotated_and_shifted(angles, shifts))


def zoom_matrices(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return matrices Z (n, 28, 28) such that Z @ image @ Z^T is the zoomed image.

    With m = int(28 * factor): for factors above 1, the pixels int(a / factor) .. int((a + 28) /
    factor), where a = (m - 28) // 2, are resized to 28; below 1, all pixels are resized to m and
    surrounded by zeros.
    """
    resized = (SIDE * factors).astype(int)[:, None]
    offset = np.maximum(0, resized - SIDE) // 2
    begin, end = (((offset + edge) / factors[:, None]).astype(int) for edge in (0, SIDE))
    end = np.minimum(end, SIDE)
    size = np.minimum(resized, SIDE)
    places = np.arange(SIDE) - (SIDE - size) // 2
    sources = (places + 0.5) * (end - begin) / size - 0.5 + begin
    sources = np.clip(sources, begin, end - 1)
    inside = (places >= 0) & (places < size)
    weights: NDArray[np.float64] = np.maximum(0, 1 - np.abs(sources[..., None] - np.arange(SIDE)))
    weights *= inside[..., None]
    return weights


def rotated_and_shifted(
    angles: NDArray[np.float64], shifts: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return rows and columns (n, 28, 28) that the pixels of rotated and shifted images come from.

    The rotation is around (14, 14) and comes first.
    """
    cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    y = (np.arange(SIDE) - shifts[0][:, None])[:, :, None]
    x = (np.arange(SIDE) - shifts[1][:, None])[:, None, :]
    rows, columns = (
        14 + cosine * (y - 14) + sine * (x - 14),
        14 - sine * (y - 14) + cosine * (x - 14),
    )
    # What the rotation pushed out of the image does not come back with the shift.
    gone = (y < 0) | (y >= SIDE) | (x < 0) | (x >= SIDE)
    return np.where(gone, -2, rows).astype(np.float32), columns.astype(np.float32)


def late_halving(peak: float, late_every: int) -> nl.Schedule:
    """Warm up for five epochs, halve every five, and every `late_every` epochs after epoch 20."""
    early = nl.warmup_halving(peak, warmup=5, every=5)

    def rate(elapsed: float) -> float:
        if elapsed < 21:
            return early(elapsed)
        return early(20) * 0.5 ** (int(elapsed) // late_every - 20 // late_every)

    return rate
