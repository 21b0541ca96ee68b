"""The median stopping rule."""

from dataclasses import dataclass
from typing import ClassVar

from sweep.errors import StudyError
from sweep.pruners.percentile import Percentile
from sweep.pruners.pruner import Curve, Peers


@dataclass(frozen=True)
class Median:
    """The median stopping rule: stop a trial worse than half of the complete ones at that epoch.

    Attributes:
        warmup_epochs: Epochs that every trial may run, >= 0.
        min_trials: Complete trials needed before any trial is stopped, >= 1.

    Source: Golovin et al. 2017, "Google Vizier", section 3.2.1, comparing the trial's best value
    so far with the median of the others' values after the same epoch.
    """

    compares_ranks: ClassVar[bool] = True
    warmup_epochs: int = 1
    min_trials: int = 5

    def __post_init__(self) -> None:
        if self.warmup_epochs < 0 or self.min_trials < 1:
            raise StudyError(
                f"Median: expected warmup_epochs >= 0 and min_trials >= 1, "
                f"got warmup_epochs={self.warmup_epochs}, min_trials={self.min_trials}; raise them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether the warm-up is over."""
        return epoch > self.warmup_epochs

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the best value so far is worse than the median of the complete trials."""
        return Percentile(50, self.warmup_epochs, self.min_trials).prunes(curve, peers)
