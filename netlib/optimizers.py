"""This file holds optimizers. They work in place on a network's flat vectors.

`step` runs through the vectors in blocks that stay in cache together with their moments: one
pass over memory instead of one for each operation.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netlib.arrays import Array
from netlib.checks import check_range
from netlib.errors import StateError
from netlib.scratch import Scratch

BLOCK = 1 << 15
"""Values handled at a time: four vectors of float32 in 512 KiB."""


@dataclass(eq=False)
class Optimizer(ABC):
    """Changes parameters along their gradients; subclasses are dataclasses of settings.

    Attributes:
        n_steps: Steps made so far.
        moments: Running averages by name, of the shape of the parameters; filled at step 1.
    """

    n_steps: int = field(init=False, repr=False, default=0)
    moments: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    _scratch: Scratch = field(init=False, repr=False, default_factory=Scratch)

    @abstractmethod
    def step(self, parameters: Array, gradients: Array, learning_rate: float) -> None:
        """Make one step, in place.

        Args:
            parameters: (P,) vector, changed.
            gradients: (P,) vector, not modified.
            learning_rate: Step size of this step.
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

    def _start_step(self, parameters: Array) -> list[slice]:
        """Count the step, make missing moments, and return the blocks to work through."""
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
        return list(_blocks(parameters.size))


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, if wanted with momentum.

    v <- momentum * v + g,   p <- p - learning_rate * v

    Args:
        momentum: Share of the last step's velocity that is kept, in [0, 1).

    Raises:
        ConfigError: If the momentum lies outside [0, 1).

    Source: Sutskever et al. 2013, in PyTorch's form (the learning rate outside of v).
    """

    momentum: float = 0.0

    def __post_init__(self) -> None:
        check_range("SGD", "momentum", self.momentum, "[0, 1)")

    def _moment_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def step(self, parameters: Array, gradients: Array, learning_rate: float) -> None:
        """Make one step, in place; see `Optimizer.step`."""
        for block in self._start_step(parameters):
            direction = gradients[block]
            if self.momentum:
                velocity = self.moments["velocity"][block]
                velocity *= self.momentum
                velocity += direction
                direction = velocity
            change = self._scratch("change", direction.shape, direction.dtype)
            np.multiply(direction, learning_rate, out=change)
            parameters[block] -= change


@dataclass(eq=False)
class Adam(Optimizer):
    """Steps of about the learning rate for every parameter, whatever its gradient's scale.

    m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2,
    p <- p - learning_rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)

    at step t = 1, 2, ...

    Args:
        beta1: Decay of the mean gradient m, in [0, 1).
        beta2: Decay of the mean square v, in [0, 1).
        epsilon: Keeps the division finite, > 0.

    Raises:
        ConfigError: If a setting is out of its range.

    Source: Kingma and Ba 2015, algorithm 1 (arXiv:1412.6980).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_range("Adam", "beta1", self.beta1, "[0, 1)")
        check_range("Adam", "beta2", self.beta2, "[0, 1)")
        check_range("Adam", "epsilon", self.epsilon, "(0, inf)")

    def _moment_names(self) -> tuple[str, ...]:
        return ("mean", "mean_square")

    def step(self, parameters: Array, gradients: Array, learning_rate: float) -> None:
        """Make one step, in place; see `Optimizer.step`."""
        blocks = self._start_step(parameters)
        step_size = learning_rate / (1 - self.beta1**self.n_steps)
        root_correction = (1 - self.beta2**self.n_steps) ** -0.5
        for block in blocks:
            gradient, mean = gradients[block], self.moments["mean"][block]
            mean_square = self.moments["mean_square"][block]
            work = self._scratch("work", gradient.shape, gradient.dtype)
            np.multiply(gradient, 1 - self.beta1, out=work)
            mean *= self.beta1
            mean += work
            np.square(gradient, out=work)
            work *= 1 - self.beta2
            mean_square *= self.beta2
            mean_square += work
            np.sqrt(mean_square, out=work)
            work *= root_correction
            work += self.epsilon
            np.divide(mean, work, out=work)
            work *= step_size
            parameters[block] -= work


def _blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))
