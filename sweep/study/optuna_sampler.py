"""A sampler that the study brings along: any of Optuna's, of OptunaHub's or the user's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import StudyError

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class OptunaSampler:
    """Any sampler for Optuna, with the promises of those that have a name.

    It is made once per call of `run`. A resumed run asks it for the recorded trials again, in their
    order, so that whatever it keeps in attributes or notes on trials comes back.

    Attributes:
        make: make(seed) returns the sampler, an `optuna.samplers.BaseSampler`. It should answer the
            same when made with the same seed; otherwise the run resumes, but cannot be replayed.

    Raises:
        StudyError: If `make` is not a function.
    """

    make: Callable[[int], "BaseSampler"]

    def __post_init__(self) -> None:
        if not callable(self.make):
            raise StudyError(
                f"OptunaSampler: expected a function of a seed that returns a sampler, got "
                f"{self.make!r}; give lambda seed: optuna.samplers.CmaEsSampler(seed=seed)"
            )

    def __str__(self) -> str:
        return f"OptunaSampler({getattr(self.make, '__qualname__', type(self.make).__name__)})"
