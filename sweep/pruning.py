"""This file decides which trials to stop early: pure functions of the curves recorded so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sweep.errors import StudyError


class Peers(NamedTuple):
    """The other trials that have come as far as one that may be pruned.

    Attributes:
        values: The metric of each after the same epoch, lower is better.
        complete: Whether it has run to its end since.
    """

    values: NDArray[np.float64]
    complete: NDArray[np.bool_]


@runtime_checkable
class Pruner(Protocol):
    """Decides, after some epochs of a trial, whether it goes on."""

    def decides_after(self, epoch: int) -> bool:
        """Whether there is anything to decide after this epoch, counted from 1."""

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Whether to stop a trial with these values after its epochs, lower is better."""


@dataclass(frozen=True)
class Asha:
    """Asynchronous successive halving: at each rung only the best 1/factor of the trials go on.

    Rungs are after epochs min_epochs * factor**k. A trial that reaches one is compared with all
    that reached it before; the best so far always goes on, so the first one does.

    Attributes:
        min_epochs: Epochs of the first rung, >= 1.
        factor: One in so many goes on, >= 2.
        max_epochs: Epochs of a whole training: no decision is made there or later.

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
        """Whether `epoch` is a rung before the last epoch."""
        if self.max_epochs is not None and epoch >= self.max_epochs:
            return False
        rung = self.min_epochs
        while rung < epoch:
            rung *= self.factor
        return rung == epoch

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Whether the last value is not among the best 1/factor at this rung."""
        n_better = int(np.count_nonzero(peers.values < values[-1]))
        return n_better >= max(1, (len(peers.values) + 1) // self.factor)


@dataclass(frozen=True)
class Median:
    """The median stopping rule: stop what is worse than half of the complete trials were by then.

    Attributes:
        warmup_epochs: No trial is stopped before it has run so many, >= 0.
        min_trials: Nor before so many trials are complete, >= 1.

    Source: Golovin et al. 2017, "Google Vizier", section 3.2.1, comparing the trial's best value
    so far with the median of the others' values after the same epoch.
    """

    warmup_epochs: int = 1
    min_trials: int = 5

    def __post_init__(self) -> None:
        if self.warmup_epochs < 0 or self.min_trials < 1:
            raise StudyError(
                f"Median: expected warmup_epochs >= 0 and min_trials >= 1, "
                f"got warmup_epochs={self.warmup_epochs}, min_trials={self.min_trials}; raise them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Whether the warm-up is over."""
        return epoch > self.warmup_epochs

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Whether the best value so far is worse than the median of the complete trials here."""
        complete = peers.values[peers.complete]
        return len(complete) >= self.min_trials and min(values) > float(np.median(complete))
