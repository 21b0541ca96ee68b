"""The parameters that a study wants to be tried first, checked against its space."""

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
