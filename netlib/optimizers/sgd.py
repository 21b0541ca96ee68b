"""Stochastic gradient descent."""

from dataclasses import dataclass, field

import numpy as np

from netlib.arrays import Array
from netlib.checks import check_range
from netlib.optimizers.optimizer import Optimizer


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum.

    v <- momentum * v + g,   p <- p - learning_rate * v,

    or with Nesterov's momentum p <- p - learning_rate * (g + momentum * v).

    Args:
        momentum: Share of the velocity that is kept from step to step, in [0, 1).
        nesterov: Whether to use Nesterov's momentum; needs a momentum above 0.

    Raises:
        ConfigError: If the momentum lies outside [0, 1), or is 0 for Nesterov's.

    Source: Sutskever et al. 2013, in PyTorch's form (the learning rate outside of v).
    """

    momentum: float = 0.0
    nesterov: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("SGD", "momentum", self.momentum, "(0, 1)" if self.nesterov else "[0, 1)")

    def _moment_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def _change(
        self, gradient: Array, moments: list[Array], learning_rate: float, work: Array
    ) -> Array:
        if not moments:
            return np.multiply(gradient, learning_rate, out=work)
        (velocity,) = moments
        velocity *= self.momentum
        velocity += gradient
        if not self.nesterov:
            return np.multiply(velocity, learning_rate, out=work)
        np.multiply(velocity, self.momentum, out=work)
        work += gradient
        work *= learning_rate
        return work
