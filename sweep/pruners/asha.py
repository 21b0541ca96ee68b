"""Asynchronous successive halving."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweep.errors import StudyError
from sweep.pruners.pruner import Peers


@dataclass(frozen=True)
class Asha:
    """Asynchronous successive halving: at each rung only the best 1/factor of the trials continue.

    Rungs are after epochs min_epochs * factor**k. A trial that reaches one is compared with all
    that reached it before; the best so far always continues, and so does the first.

    Attributes:
        min_epochs: Epochs of the first rung, >= 1.
        factor: One in `factor` trials continues, >= 2.
        max_epochs: Epochs of a whole training; nothing is decided there or later. None if unknown.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"
    (arXiv:1810.05934), in its variant that stops trials and never resumes them.
    """

    min_epochs: int = 1
    factor: int = 3
    max_epochs: int | None = None

    def __post_init__(self) -> None:
        if self.min_epochs < 1 or self.factor < 2:
            raise StudyError(
                f"Asha: expected min_epochs >= 1 and factor >= 2, "
                f"got min_epochs={self.min_epochs}, factor={self.factor}; raise them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether `epoch` is a rung before the last epoch."""
        if self.max_epochs is not None and epoch >= self.max_epochs:
            return False
        rung = self.min_epochs
        while rung < epoch:
            rung *= self.factor
        return rung == epoch

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Return whether the last value is not among the best 1/factor at this rung."""
        n_better = int(np.count_nonzero(peers.values < values[-1]))
        return n_better >= max(1, (len(peers.values) + 1) // self.factor)
