"""This file states what every optimizer promises. They work in place on a network's flat vectors.

`step` runs through the vectors in blocks that stay in cache together with their moments: one
pass over memory instead of one for each operation.
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
"""Values handled at a time: five vectors of float32 in 2.5 MiB."""


@dataclass(eq=False)
class Optimizer(ABC):
    """Changes parameters along their gradients; subclasses are dataclasses of settings.

    Args:
        weight_decay: Decoupled, >= 0: each step first multiplies all parameters, biases included,
            by 1 - learning_rate * weight_decay; moments never see it. With Adam that is AdamW.
        clip_norm: If given, > 0: gradients whose Euclidean norm over the whole network is larger
            are scaled down to it.

    Attributes:
        n_steps: Steps made so far.
        moments: Running sums by name, of the shape of the parameters; filled at step 1.

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
            learning_rate: Step size of this step.
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
        """Return what a block of parameters loses in this step, written to `work`.

        Args:
            gradient: Of the block, not modified.
            moments: Of the block, in the order of `_moment_names`; updated.
            learning_rate: Step size of this step.
            work: Memory of the block's size.
        """

    def state(self) -> dict[str, Any]:
        """Return an independent copy of everything `step` remembers: arrays and an int."""
        moments = {name: moment.copy() for name, moment in self.moments.items()}
        return {"n_steps": self.n_steps, "moments": moments}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a state that an optimizer of the same kind returned.

        Args:
            state: As returned by `state`; copied.

        Raises:
            StateError: If it has other moments than this kind of optimizer.
        """
        names = sorted(self._moment_names()) if state["n_steps"] else []
        if sorted(state["moments"]) != names:
            raise StateError(
                f"{self!r}: expected a state with the moments {names}, got "
                f"{sorted(state['moments'])}; restore into the kind of optimizer that was saved"
            )
        self.n_steps = int(state["n_steps"])
        self.moments = {name: np.array(moment) for name, moment in state["moments"].items()}

    @abstractmethod
    def _moment_names(self) -> tuple[str, ...]:
        """Names of the running averages."""

    def _start_step(self, parameters: Array) -> None:
        """Count the step and make missing moments."""
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
        """Return the factor, at most 1, that brings the gradients within `clip_norm`."""
        if self.clip_norm is None:
            return 1.0
        norm = math.sqrt(np.dot(gradients, gradients))
        return self.clip_norm / norm if norm > self.clip_norm else 1.0
