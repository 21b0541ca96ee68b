"""Asynchronous successive halving."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers, rung_after


@dataclass(frozen=True)
class Asha:
    """Asynchronous successive halving: at each rung only the best 1/factor of the trials continue.

    Rungs are after epochs min_epochs * factor**k. A trial that reaches one is paused. Whenever a
    slot is free, the best paused trial of the highest rung continues that is among the best
    1/factor of all that have reached its rung; if there is none, a new trial begins. So a trial may
    continue long after it was paused. Those that never do are pruned at the end. A paused trial
    continues from its state; one whose training yields no states is trained again from its
    beginning.

    Attributes:
        min_epochs: Epochs of the first rung, >= 1.
        factor: One in `factor` trials continues, >= 2.
        max_epochs: Epochs of a whole training; nothing is decided there or later. None if unknown.
        resume: Whether to pause trials. If not, they are stopped at once unless they are among the
            best 1/factor that have reached the rung so far; the best so far always continues, and
            so does the first.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"
    (arXiv:1810.05934), algorithm 2; without `resume`, its variant that stops trials.
    """

    compares_ranks: ClassVar[bool] = True
    min_epochs: int = 1
    factor: int = 3
    max_epochs: int | None = None
    resume: bool = True

    def __post_init__(self) -> None:
        if self.min_epochs < 1 or self.factor < 2:
            raise StudyError(
                f"Asha: expected min_epochs >= 1 and factor >= 2, "
                f"got min_epochs={self.min_epochs}, factor={self.factor}; raise them"
            )

    def bracket(self, number: int) -> int:  # noqa: ARG002 - all trials are compared
        """Return the only bracket."""
        return 0

    def next_rung(self, number: int, epoch: int) -> int | None:  # noqa: ARG002 - the same for all
        """Return the first rung after an epoch; None if there is none before the last epoch."""
        return rung_after(epoch, self.min_epochs, self.factor, self.max_epochs)

    def decides_after(self, epoch: int) -> bool:
        """Return whether `epoch` is a rung before the last epoch."""
        return self.next_rung(0, epoch - 1) == epoch

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the last value is not among the best 1/factor at this rung."""
        return falls_behind(curve.values[-1], peers.values, self.factor)


def falls_behind(value: float, others: NDArray[np.float64], factor: int) -> bool:
    """Return whether a value is not among the best 1/factor, itself included; one always is.

    Args:
        value: Value of a trial, lower is better.
        others: (n,) values of the others.
        factor: One in `factor` is among the best.
    """
    n_better = int(np.count_nonzero(others < value))
    return n_better >= max(1, (len(others) + 1) // factor)
