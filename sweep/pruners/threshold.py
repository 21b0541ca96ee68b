"""Stops trials whose metric leaves a range."""

from dataclasses import dataclass

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers


@dataclass(frozen=True)
class Threshold:
    """Stop a trial whose metric is outside a range, as one that diverges or learns nothing.

    Attributes:
        lower: Smallest allowed value of the metric, as the study reports it; None for no bound.
        upper: Largest allowed value; None for no bound.
        warmup_epochs: Epochs that every trial may run, >= 0.
    """

    lower: float | None = None
    upper: float | None = None
    warmup_epochs: int = 0

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.lower, self.upper) if bound is not None]
        if not bounds or bounds != sorted(bounds) or self.warmup_epochs < 0:
            raise StudyError(
                f"Threshold: expected lower <= upper, or one of them, and warmup_epochs >= 0, "
                f"got {self.lower}, {self.upper} and {self.warmup_epochs}; change them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether the warm-up is over."""
        return epoch > self.warmup_epochs

    def prunes(self, curve: Curve, peers: Peers) -> bool:  # noqa: ARG002 - others do not matter
        """Return whether the last value is outside the range."""
        metric = curve.sign * curve.values[-1]
        is_low = self.lower is not None and metric < self.lower
        return is_low or (self.upper is not None and metric > self.upper)
