"""This file states what every layer promises.

`forward` returns `(y, backward)`. The closure `backward` holds what the backward pass needs, so
there is no tape and no cache: a network's gradient is its layers' closures called in reverse.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from netlib.arrays import Array, Rng, Shape, Weights
from netlib.errors import ConfigError, NotBuiltError, ShapeError
from netlib.scratch import Scratch

Backward = Callable[[Array], Array]
"""dy -> dx, both including the batch axis; fills the layer's `grads` on the way."""


@dataclass(eq=False)
class Layer(ABC):
    """One step of a network. A subclass is a dataclass of settings with `_build` and `_forward`.

    Attributes:
        params: What the optimizer changes; filled by `build`.
        grads: Gradients under the names of `params`; filled by each `backward`.
        buffers: Other arrays that belong to the weights, such as running means.
        in_shape: Shape of one input without the batch axis, () before `build`.
        out_shape: Shape of one output without the batch axis, () before `build`.
        dtype: float32 or float64, chosen at `build`.
        input_gradient: Whether `backward` has to compute dx. Layers with parameters return an
            empty array when it is False: nobody needs that of the images. Set by `build`.
    """

    params: Weights = field(init=False, repr=False, default_factory=dict)
    grads: Weights = field(init=False, repr=False, default_factory=dict)
    buffers: Weights = field(init=False, repr=False, default_factory=dict)
    in_shape: Shape = field(init=False, repr=False, default=())
    out_shape: Shape = field(init=False, repr=False, default=())
    dtype: np.dtype[Any] = field(init=False, repr=False, default=np.dtype(np.float32))
    input_gradient: bool = field(init=False, repr=False, default=True)
    scratch: Scratch = field(init=False, repr=False, default_factory=Scratch)

    @property
    def built(self) -> bool:
        """Whether `build` has been called."""
        return self.in_shape != ()

    def build(self, in_shape: Shape, rng: Rng, dtype: DTypeLike = np.float32) -> Shape:
        """Draw the parameters for inputs of one shape; building again starts afresh.

        Args:
            in_shape: Shape of one input, without the batch axis.
            rng: Draws the initial parameters.
            dtype: float32, or float64 for gradient checks.

        Returns:
            Shape of one output.

        Raises:
            ShapeError: If the layer cannot work on such inputs.
        """
        self.params, self.grads, self.buffers, self.scratch = {}, {}, {}, Scratch()
        self.in_shape, self.dtype = tuple(in_shape), np.dtype(dtype)
        self.input_gradient = True
        try:
            self.out_shape = self._build(self.in_shape, rng)
        except ShapeError:
            self.in_shape = ()
            raise
        return self.out_shape

    def forward(self, x: Array, *, train: bool, rng: Rng | None = None) -> tuple[Array, Backward]:
        """Compute the outputs of a batch.

        Args:
            x: (N, *in_shape) in the layer's dtype. Not modified; leave it so until `backward` ran.
            train: True in training: dropout drops.
            rng: Source of randomness; needed in training, untouched in evaluation.

        Returns:
            (N, *out_shape) outputs, and `backward`. Both live in the layer's scratch memory and
            are valid until its next `forward`: copy what has to last longer.

        Raises:
            NotBuiltError, ShapeError, ConfigError: If the layer has not been built, x is not what
                it was built for, or `train` is set without an `rng`.
        """
        if not self.built:
            raise NotBuiltError(f"{self!r}: expected a built layer, got a new one; call build()")
        if x.shape[1:] != self.in_shape or x.dtype != self.dtype:
            law = ", ".join(("N", *map(str, self.in_shape)))
            raise ShapeError(
                f"{self!r}: expected {self.dtype} input of shape ({law}), got {x.dtype} {x.shape}; "
                "build the layer for this input or convert it"
            )
        if train and rng is None:
            raise ConfigError(f"{self!r}: expected an rng for train=True, got None; pass rng=...")
        return self._forward(x, rng if train else None)

    @abstractmethod
    def _build(self, in_shape: Shape, rng: Rng, /) -> Shape:
        """Add params and buffers, return the shape of one output."""

    @abstractmethod
    def _forward(self, x: Array, rng: Rng | None, /) -> tuple[Array, Backward]:
        """Compute `(y, backward)` of a checked batch; rng is None in evaluation."""

    def _add_param(self, name: str, values: Array) -> None:
        """Add a parameter and its gradient in the layer's dtype; for use in `_build`."""
        self.params[name] = values.astype(self.dtype)
        self.grads[name] = np.zeros_like(self.params[name])

    @property
    def symbol(self) -> str:
        """The layer in `Sequential.describe`, such as C16; empty to leave it out."""
        return ""
