"""A pruner that the study brings along: any of Optuna's, or the user's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import StudyError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


@dataclass(frozen=True, repr=False)
class OptunaPruner:
    """Any pruner for Optuna, with the promises of the others.

    It is asked after each epoch of a trial's first training, and is shown the other trials that
    the trial knows. A resumed run asks it for the recorded epochs again, trial by trial, so that
    whatever it notes on trials comes back.

    Attributes:
        make: make() returns the pruner, an `optuna.pruners.BasePruner`.

    Raises:
        StudyError: If `make` is not a function.
    """

    make: Callable[[], "BasePruner"]

    def __post_init__(self) -> None:
        if not callable(self.make):
            raise StudyError(
                f"OptunaPruner: expected a function that returns a pruner, got {self.make!r}; "
                f"give lambda: optuna.pruners.PercentilePruner(25.0)"
            )

    def __repr__(self) -> str:
        return f"OptunaPruner({getattr(self.make, '__qualname__', type(self.make).__name__)})"

    def decides_after(self, epoch: int) -> bool:  # noqa: ARG002 - it may have something to note
        """Return True: it is asked after each epoch."""
        return True
