"""What every layer promises.

`forward` returns `(y, backward)`. The closure `backward` holds what the backward pass needs, so
there is no tape and no cache: a network's gradient is its layers' closures called in reverse.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from netlib.arrays import Array, Rng, Shape, Weights
from netlib.errors import ConfigError, NotBuiltError, ShapeError
from netlib.scratch import Scratch

Backward = Callable[[Array], Array]
"""dy -> dx, both including the batch axis; also fills the layer's `grads`."""


class Mode(NamedTuple):
    """How a layer runs: with an rng only in training; and whether `backward` must return dx."""

    rng: Rng | None
    input_gradient: bool


@dataclass(eq=False)
class Layer(ABC):
    """One step of a network. Subclasses are dataclasses of settings with `_forward` and `_build`.

    Attributes:
        params: Arrays that the optimizer changes; filled by `build`.
        grads: Gradients under the names of `params`; filled by each `backward`.
        buffers: Other arrays that belong to the weights, such as running means.
        in_shape, out_shape: Shapes of one input and output, no batch axis; () before `build`.
        dtype: float32 or float64, chosen at `build`.
    """

    params: Weights = field(init=False, repr=False, default_factory=dict)
    grads: Weights = field(init=False, repr=False, default_factory=dict)
    buffers: Weights = field(init=False, repr=False, default_factory=dict)
    in_shape: Shape = field(init=False, repr=False, default=())
    out_shape: Shape = field(init=False, repr=False, default=())
    dtype: np.dtype[Any] = field(init=False, repr=False, default=np.dtype(np.float32))
    scratch: Scratch = field(init=False, repr=False, default_factory=Scratch)

    def build(self, in_shape: Shape, rng: Rng, dtype: DTypeLike = np.float32) -> Shape:
        """Draw the parameters for inputs of one shape, and return the shape of one output.

        Building again starts over.

        Args:
            in_shape: Shape of one input, without the batch axis.
            rng: Draws the initial parameters.
            dtype: float32, or float64 for gradient checks.

        Raises:
            ShapeError: If the layer cannot handle such inputs.
        """
        self.params, self.grads, self.buffers, self.scratch = {}, {}, {}, Scratch()
        self.in_shape, self.out_shape, self.dtype = tuple(in_shape), (), np.dtype(dtype)
        self.out_shape = self._build(self.in_shape, rng)
        return self.out_shape

    def forward(
        self, x: Array, *, train: bool, rng: Rng | None = None, input_gradient: bool = True
    ) -> tuple[Array, Backward]:
        """Compute the outputs of a batch.

        Args:
            x: (N, *in_shape) in the layer's dtype. Not modified; keep it until `backward` has run.
            train: Whether this is a step of training, in which for example dropout drops values.
            rng: Source of randomness; needed in training, untouched in evaluation.
            input_gradient: Whether `backward` must return dx; if not, it may return an empty array.

        Returns:
            (N, *out_shape) outputs, and `backward`. The layer reuses the memory of the outputs and
            gradients: its next `forward` overwrites them, so copy what you want to keep.

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
        return self._forward(x, Mode(rng if train else None, input_gradient))

    def _build(self, in_shape: Shape, _rng: Rng, /) -> Shape:
        """Add params and buffers; return the shape of one output, here that of the input."""
        return in_shape

    @abstractmethod
    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        """Compute `(y, backward)` of a checked batch."""

    def _add_param(self, name: str, values: Array) -> None:
        """Add a parameter and its gradient in the layer's dtype; for use in `_build`."""
        self.params[name] = values.astype(self.dtype)
        self.grads[name] = np.zeros_like(self.params[name])

    @property
    def built(self) -> bool:
        """Whether `build` has been called."""
        return self.out_shape != ()

    @property
    def symbol(self) -> str:
        """The layer in `Sequential.describe`, such as C16; empty to leave it out."""
        return ""
