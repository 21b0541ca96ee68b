"""What a study minimises and maximises, and the bounds that its metrics have to keep."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sweep.errors import StudyError
from sweep.pruners.pruner import compares_ranks
from sweep.study.rules import Rule

if TYPE_CHECKING:
    from sweep.study.study import Study

Names = str | tuple[str, ...] | None
"""One metric, several, or none."""

Bounds = tuple[float | None, float | None]
"""Least and greatest value of a metric, None for any."""


class Objective(NamedTuple):
    """A metric to minimise or maximise.

    Attributes:
        metric: Its name.
        sign: 1 where a lower value is better, -1 where a higher one is.
    """

    metric: str
    sign: int

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """What to do with it."""
        return "minimize" if self.sign > 0 else "maximize"


def objectives_of(minimize: Names, maximize: Names) -> tuple[Objective, ...]:
    """Return the objectives of a study: those to minimise, then those to maximise.

    Raises:
        StudyError: If there are none, one is not a name, or one is given twice.
    """
    named = [(name, 1) for name in _names(minimize)] + [(name, -1) for name in _names(maximize)]
    wrong = [name for name, _ in named if not (isinstance(name, str) and name)]
    if wrong or not named:
        raise StudyError(
            f"Study: expected minimize or maximize, or both, to name a metric or a tuple of "
            f"metrics, got minimize={minimize!r}, maximize={maximize!r}; name at least one"
        )
    names = sorted(str(name) for name, _ in named)
    twice = next((name for name, other in pairwise(names) if name == other), None)
    if twice is not None:
        raise StudyError(
            f"Study: expected each objective once, got {twice!r} twice; take one of them out"
        )
    return tuple(Objective(str(name), sign) for name, sign in named)


def recorded_objectives(about: Mapping[str, Any]) -> tuple[Objective, ...]:
    """Return the objectives of a recorded study, the first one first.

    Args:
        about: The study's attributes in the database.
    """
    named = [(about["metric"], about["direction"]), *about.get("further_objectives", [])]
    return tuple(Objective(str(name), 1 if way == "minimize" else -1) for name, way in named)


def by_name(objectives: Iterable[Objective], scores: Iterable[float]) -> dict[str, float]:
    """Return the scores of a trial by the names of the objectives; empty if it has none."""
    return {goal.metric: score for goal, score in zip(objectives, scores, strict=False)}


def constraints_text(constraints: Mapping[str, Bounds]) -> str:
    """Return constraints as text, such as "parameters <= 2000, 0.5 <= accuracy"."""
    return ", ".join(
        "".join([f"{low} <= " if low is not None else "", name,
                 f" <= {high}" if high is not None else ""])
        for name, (low, high) in constraints.items()
    )  # fmt: skip


def are_constraints(value: object) -> bool:
    """Return whether a value maps names of metrics to bounds, of which at least one is a number."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _are_bounds(bounds) for name, bounds in value.items()
    )


CONSTRAINTS: Rule = (
    "bounds (low, high) of metrics by name, None for no bound, such as "
    '{"parameters": (None, 200_000)}',
    are_constraints,
)


def check_objectives(study: "Study") -> None:
    """Refuse what compares trials by a single metric, or without the study's constraints.

    Raises:
        StudyError: If there is anything of that kind.
    """
    if study.constraints and study.warm_start:
        raise StudyError(
            f"Study: expected no warm_start with constraints, got {study.warm_start!r}; it is not "
            f"on record whether those trials keep them: take one of the two out"
        )
    has_runoff = study.final is not None and study.final.runoff > 1
    pruner = None if compares_ranks(study.pruner) else study.pruner
    for what, given in (
        ("pruner", pruner), ("warm_start", study.warm_start), ("runoff", has_runoff)
    ):  # fmt: skip
        if given and len(study.objectives) > 1:
            raise StudyError(
                f"Study: expected no {what} with several objectives, got {given!r}; it compares "
                f"trials by one metric: take it out, or name one objective"
            )


def violation(value: float, bounds: Bounds) -> float:
    """Return how far a value is out of its bounds, as a fraction of the bound (of 1 if that is 0).

    Negative or 0 if it is within them.
    """
    low, high = bounds
    outside = [] if low is None else [(low - value) / (abs(low) or 1.0)]
    outside += [] if high is None else [(value - high) / (abs(high) or 1.0)]
    return max(outside)


def _names(given: Names) -> Iterable[object]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def _are_bounds(value: object) -> bool:
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return False
    given = [bound for bound in value if bound is not None]
    if not all(isinstance(b, int | float) and not isinstance(b, bool) for b in given):
        return False
    return bool(given) and all(map(isfinite, given)) and given == sorted(given)
