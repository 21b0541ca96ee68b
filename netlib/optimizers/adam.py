"""The Adam optimizer."""

import math
from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.checks import check_range
from netlib.optimizers.optimizer import Optimizer


@dataclass(eq=False)
class Adam(Optimizer):
    """Take steps of about the learning rate for every parameter, whatever its gradient's scale.

    m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2,
    p <- p - learning_rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)

    at step t = 1, 2, ... The moments are stored as sums, m / (1 - beta1) and v / (1 - beta2), and
    all factors are combined into two scalars, which saves a fourth of the passes over memory.

    Args:
        beta1: Decay of the mean gradient m per step, in [0, 1).
        beta2: Decay of the mean squared gradient v per step, in [0, 1).
        epsilon: Number that keeps the division finite, > 0.

    Raises:
        ConfigError: If a setting is out of its range.

    Source: Kingma and Ba 2015, algorithm 1 (arXiv:1412.6980).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("Adam", "beta1", self.beta1, "[0, 1)")
        check_range("Adam", "beta2", self.beta2, "[0, 1)")
        check_range("Adam", "epsilon", self.epsilon, "(0, inf)")

    def _moment_names(self) -> tuple[str, ...]:
        return ("sum", "square_sum")

    def _change(
        self, gradient: Array, moments: list[Array], learning_rate: float, work: Array
    ) -> Array:
        total, square_total = moments
        mean = (1 - self.beta1) / (1 - self.beta1**self.n_steps)  # times the sum
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.n_steps))
        total *= self.beta1
        total += gradient
        square_total *= self.beta2
        square_total += np.square(gradient, out=work)
        np.sqrt(square_total, out=work)
        work += self.epsilon / root
        np.divide(total, work, out=work)
        work *= learning_rate * mean / root
        return work
