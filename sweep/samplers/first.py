"""The parameters that a study wants to be tried first, and what its space refuses."""

import json

from sweep.errors import StudyError
from sweep.study.space import Trial
from sweep.trials.domains import Domain, Params, Value


def first_value(first: Params, name: str, domain: Domain) -> Value:
    """Return the value that is to be tried first.

    Raises:
        StudyError: If it is not in the domain.
    """
    if first[name] not in domain:
        raise StudyError(f"first: expected {name!r} in {domain}, got {first[name]!r}")
    return first[name]


def check_names(first: Params, trial: Trial) -> None:
    """Refuse parameters that the trial, to which these were given, did not draw.

    Raises:
        StudyError: If there are any.
    """
    unknown = first.keys() - trial.params.keys()
    if unknown:
        raise StudyError(
            f"first: expected parameters of the space, {sorted(trial.params)}, "
            f"got {sorted(unknown)}; fix the names"
        )


MAX_INFEASIBLE = 1000
"""Draws per trial that `space` may refuse."""


def check_feasible(
    first: Params, trial: Trial, why: str, n_refused: int, most: int = MAX_INFEASIBLE
) -> None:
    """Give up a trial that `space` refuses for good.

    Args:
        first: The parameters to try first; empty if there are none.
        trial: The draw that was refused.
        why: What `space` says.
        n_refused: How many draws of this trial it has refused.
        most: How many it may refuse.

    Raises:
        StudyError: If nothing else can be drawn, or too much was refused.
    """
    if first and trial.params.keys() <= first.keys():
        raise StudyError(f"first: expected feasible parameters, got {first} ({why}); fix them")
    if n_refused >= most:
        raise StudyError(
            f"space: expected a feasible configuration, got {n_refused} infeasible ones in a row "
            f"(the last: {why}); narrow the ranges, so that fewer draws are refused"
        )


def key_of(params: Params) -> str:
    """Return the same text for the same parameters, in whatever order they were drawn."""
    return json.dumps(params, sort_keys=True)
