"""The sampler of a study: one by name, what "auto" stands for, or any of Optuna's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from sweep.errors import StudyError

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from sweep.study.study import Study

SamplerName = Literal["auto", "tpe", "gp", "cmaes", "qmc", "nsga2", "nsga3", "random", "grid"]

OF_AUTO = ("gp", "tpe")
"""What "auto" may stand for."""


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


def sampler_name(study: "Study") -> str:
    """Return the name of a study's sampler, with what "auto" stands for."""
    return _choice(study)[0] if study.sampler == "auto" else str(study.sampler)


def reason(study: "Study") -> str:
    """Return why "auto" stands for that sampler; empty if the study names one."""
    return _choice(study)[1] if study.sampler == "auto" else ""


def as_begun(study: "Study", recorded: Mapping[str, Any]) -> "Study":
    """Return a study whose "auto" is the sampler that its run began with.

    Args:
        study: The study.
        recorded: What the run has recorded of it; nothing at its beginning.
    """
    begun = recorded.get("sampler")
    if study.sampler == "auto" and begun in OF_AUTO:
        return replace(study, sampler=begun)
    return study


def _choice(study: "Study") -> tuple[str, str]:
    if len(study.objectives) > 1:
        return "tpe", "several objectives"
    if study.constraints:
        return "tpe", "constraints on metrics"
    return "gp", "one objective: it finds better configurations in as many trials as TPE"
