"""Freeze-thaw: a model of all learning curves decides which trial is worth the next epochs."""

from dataclasses import dataclass

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers, rung_after


@dataclass(frozen=True)
class FreezeThaw:
    """Pauses every trial early; a model of all curves decides which continues, or whether to begin.

    Trials are paused after epochs min_epochs * factor**k. Whenever a slot is free, a Gaussian
    process of all learning curves so far (`sweep.model`) predicts how probably each paused trial,
    and the best trial that could begin, will beat the best complete one by some margin after some
    more epochs; the most probable one is trained up to its next pause. Margin and number of epochs
    are drawn for each decision, so that some decisions explore and others finish what is good.
    Until a trial is complete, the best one so far continues.

    Once all trials have begun, those continue that have a chance of becoming the best.

    Attributes:
        max_epochs: Epochs of a whole training, > min_epochs.
        min_epochs: Epochs before the first pause, >= 1.
        factor: How many times as many epochs a trial has at its next pause, >= 2.

    Source: Rakotoarison et al. 2024, "In-context freeze-thaw Bayesian optimization"
    (arXiv:2404.16795), section 4.2, for the decision; the model is another.
    """

    max_epochs: int
    min_epochs: int = 1
    factor: int = 2

    def __post_init__(self) -> None:
        if self.min_epochs < 1 or self.factor < 2 or self.max_epochs <= self.min_epochs:
            raise StudyError(
                f"FreezeThaw: expected 1 <= min_epochs < max_epochs and factor >= 2, "
                f"got {self.min_epochs}, {self.max_epochs} and {self.factor}; change them"
            )

    @property
    def resume(self) -> bool:
        """Whether trials are paused rather than stopped: always."""
        return True

    def bracket(self, number: int) -> int:  # noqa: ARG002 - all trials are compared
        """Return the only bracket."""
        return 0

    def next_rung(self, number: int, epoch: int) -> int | None:  # noqa: ARG002 - the same for all
        """Return the number of epochs at the next pause after an epoch; None if there is none."""
        return rung_after(epoch, self.min_epochs, self.factor, self.max_epochs)

    def decides_after(self, epoch: int) -> bool:
        """Return whether `epoch` is one of those after which trials are paused."""
        return self.next_rung(0, epoch - 1) == epoch

    def prunes(self, curve: Curve, peers: Peers) -> bool:  # noqa: ARG002 - the interface
        """Return that no trial is stopped."""
        return False
