"""Waits for trials that still improve."""

from dataclasses import dataclass

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers, Pruner, pausing


@dataclass(frozen=True)
class Patient:
    """Let another pruner stop a trial only after several epochs without improvement.

    Attributes:
        pruner: The other pruner, one that does not pause trials; None stops every trial that has
            stopped improving.
        patience: Epochs without improvement, >= 1.
        min_change: Smallest change of the metric that counts as an improvement, >= 0.
    """

    pruner: Pruner | None = None
    patience: int = 3
    min_change: float = 0.0

    def __post_init__(self) -> None:
        if self.patience < 1 or self.min_change < 0:
            raise StudyError(
                f"Patient: expected patience >= 1 and min_change >= 0, "
                f"got {self.patience} and {self.min_change}; raise them"
            )
        if isinstance(self.pruner, type) or not isinstance(self.pruner, Pruner | None):
            raise StudyError(
                f"Patient: expected one of the pruners of sweep, such as Median(), or None, "
                f"got {self.pruner!r}; an OptunaPruner can wrap optuna.pruners.PatientPruner"
            )
        if pausing(self.pruner):
            raise StudyError(
                f"Patient: expected a pruner that stops trials, got {self.pruner}, which pauses "
                f"them; give it resume=False"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether there were enough epochs, and the other pruner decides."""
        return epoch > self.patience and (self.pruner is None or self.pruner.decides_after(epoch))

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the trial has stopped improving, and the other pruner stops it."""
        before, lately = min(curve.values[: -self.patience]), min(curve.values[-self.patience :])
        if lately < before - self.min_change:
            return False
        return self.pruner is None or self.pruner.prunes(curve, peers)
