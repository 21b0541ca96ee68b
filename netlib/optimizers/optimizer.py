"""What every optimizer promises. Optimizers change the flat vectors of a network in place.

`step` handles the vectors in blocks that stay in cache together with their moments: one pass over
memory instead of one for each operation.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netlib.arrays import Array
from netlib.checks import check_range
from netlib.errors import StateError
from netlib.scratch import Scratch

BLOCK = 1 << 17
"""Values handled at a time: five float32 vectors of this length, 2.5 MiB, stay in cache."""


@dataclass(eq=False)
class Optimizer(ABC):
    """Change parameters along their gradients; subclasses are dataclasses of settings.

    Args:
        weight_decay: Decoupled weight decay, >= 0: each step first multiplies all parameters,
            including biases, by 1 - learning_rate * weight_decay; moments are not affected. Adam
            with weight decay is AdamW.
        clip_norm: Largest Euclidean norm of the gradients of the whole network, > 0; larger
            gradients are scaled down to it. None for no limit.

    Attributes:
        n_steps: Number of steps so far.
        moments: Running sums by name, shaped like the parameters; created at step 1.

    Raises:
        ConfigError: If a setting is out of its range.

    Source: Loshchilov and Hutter 2019 (arXiv:1711.05101) for the decay, Pascanu et al. 2013
    (arXiv:1211.5063) for the clipping.
    """

    weight_decay: float = field(default=0.0, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    n_steps: int = field(init=False, repr=False, default=0)
    moments: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    _scratch: Scratch = field(init=False, repr=False, default_factory=Scratch)

    def __post_init__(self) -> None:
        check_range(type(self).__name__, "weight_decay", self.weight_decay, "[0, inf)")
        if self.clip_norm is not None:
            check_range(type(self).__name__, "clip_norm", self.clip_norm, "(0, inf)")

    def step(self, parameters: Array, gradients: Array, learning_rate: float) -> None:
        """Make one step, in place.

        Args:
            parameters: (P,) vector, changed.
            gradients: (P,) vector, not modified.
            learning_rate: Learning rate of this step.
        """
        self._start_step(parameters)
        scale = self._clipping(gradients)
        names = self._moment_names()
        for start in range(0, parameters.size, BLOCK):
            block = slice(start, start + BLOCK)
            values, gradient = parameters[block], gradients[block]
            work = self._scratch("work", values.shape, values.dtype)
            if scale < 1:
                clipped = self._scratch("clipped", values.shape, values.dtype)
                gradient = np.multiply(gradient, scale, out=clipped)
            if self.weight_decay:
                values *= 1 - learning_rate * self.weight_decay
            moments = [self.moments[name][block] for name in names]
            values -= self._change(gradient, moments, learning_rate, work)

    @abstractmethod
    def _change(
        self, gradient: Array, moments: list[Array], learning_rate: float, work: Array
    ) -> Array:
        """Return what to subtract from a block of parameters, written to `work`.

        Args:
            gradient: Gradient of the block, not modified.
            moments: Moments of the block, in the order of `_moment_names`; updated.
            learning_rate: Learning rate of this step.
            work: Memory as large as the block.
        """

    def state(self) -> dict[str, Any]:
        """Return an independent copy of everything `step` remembers: arrays and an int."""
        moments = {name: moment.copy() for name, moment in self.moments.items()}
        return {"n_steps": self.n_steps, "moments": moments}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the state of an optimizer of the same class.

        Args:
            state: As returned by `state`; copied.

        Raises:
            StateError: If it has other moments than optimizers of this class.
        """
        names = sorted(self._moment_names()) if state["n_steps"] else []
        if sorted(state["moments"]) != names:
            raise StateError(
                f"{self!r}: expected a state with the moments {names}, got "
                f"{sorted(state['moments'])}; restore into an optimizer of the class that was saved"
            )
        self.n_steps = int(state["n_steps"])
        self.moments = {name: np.array(moment) for name, moment in state["moments"].items()}

    @abstractmethod
    def _moment_names(self) -> tuple[str, ...]:
        """Return the names of the running sums."""

    def _start_step(self, parameters: Array) -> None:
        """Count the step and create missing moments."""
        self.n_steps += 1
        for name in self._moment_names():
            if name not in self.moments:
                self.moments[name] = np.zeros_like(parameters)
            moment = self.moments[name]
            if moment.shape != parameters.shape:
                raise StateError(
                    f"{self!r}: expected {moment.size} parameters as in the steps before, got "
                    f"{parameters.size}; use one optimizer for one network"
                )

    def _clipping(self, gradients: Array) -> float:
        """Return the factor, at most 1, that limits the norm of the gradients to `clip_norm`."""
        if self.clip_norm is None:
            return 1.0
        norm = math.sqrt(np.dot(gradients, gradients))
        return self.clip_norm / norm if norm > self.clip_norm else 1.0
