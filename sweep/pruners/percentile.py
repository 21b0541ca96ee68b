"""The percentile stopping rule."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers


@dataclass(frozen=True)
class Percentile:
    """The percentile stopping rule: a trial continues only while it keeps up with the best ones.

    The trial's best value so far is compared with the values of the complete trials after the same
    epoch. `Median` is this with 50.

    Attributes:
        percent: Share of the complete trials, the best ones, that it must keep up with: > 0, < 100.
        warmup_epochs: Epochs that every trial may run, >= 0.
        min_trials: Complete trials needed before any trial is stopped, >= 1.
    """

    compares_ranks: ClassVar[bool] = True
    percent: float = 25.0
    warmup_epochs: int = 1
    min_trials: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.percent < 100 or self.warmup_epochs < 0 or self.min_trials < 1:
            raise StudyError(
                f"Percentile: expected 0 < percent < 100, warmup_epochs >= 0 and min_trials >= 1, "
                f"got {self.percent}, {self.warmup_epochs} and {self.min_trials}; change them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether the warm-up is over."""
        return epoch > self.warmup_epochs

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the best value so far is worse than the percentile of complete trials."""
        complete = peers.values[peers.complete]
        if len(complete) < self.min_trials:
            return False
        return min(curve.values) > float(np.percentile(complete, self.percent))
