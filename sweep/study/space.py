"""The search space: the trial that a study draws its parameters from."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, TypeVar

from sweep.errors import Infeasible, StudyError
from sweep.text import shown
from sweep.trials.domains import Domain, Params, Value, is_like, same_kind
from sweep.trials.ranges import checked_name, float_range, int_range, listed, one_of

T = TypeVar("T", bound=Value)


Choose = Callable[[str, Domain], Value]

NONE_BEFORE: Any = object()
"""Says that a parameter has no value in trials from before it came."""


class NewParameterError(StudyError):
    """A trial was recorded before the space had this parameter."""


class OutOfRangeError(StudyError):
    """A recorded value is out of its parameter's range."""


@dataclass
class Trial:
    """A trial in the making: `space` draws parameters from it, with the methods of Optuna's trials.

    Attributes:
        choose: Chooses the value of a parameter, given its name and domain.
        params: Values drawn so far, by name.
        domains: Domain of each of them.
    """

    choose: Choose = field(repr=False)
    params: Params = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)

    def suggest_float(
        self,
        name: str,
        low: float,
        high: float,
        *,
        step: float | None = None,
        log: bool = False,
        before: float = NONE_BEFORE,
    ) -> float:
        """Draw a real number from low..high.

        `before` is the value that trials had, in effect, before this parameter came.

        Raises:
            StudyError: If the range is empty or not finite, or does not go with `step` or `log`.
        """
        where = f"space: suggest_float({shown(name)})"
        return float(self._draw(name, float_range(where, low, high, step, log), before))  # type: ignore[arg-type]

    def suggest_int(
        self,
        name: str,
        low: int,
        high: int,
        *,
        step: int = 1,
        log: bool = False,
        before: int = NONE_BEFORE,
    ) -> int:
        """Draw an integer from low..high.

        `before` is the value that trials had, in effect, before this parameter came.

        Raises:
            StudyError: If the range is empty, exceeds 2**53, or does not go with `step` or `log`.
        """
        where = f"space: suggest_int({shown(name)})"
        return int(self._draw(name, int_range(where, low, high, step, log), before))  # type: ignore[arg-type]

    def suggest_categorical(self, name: str, choices: Sequence[T], *, before: T = NONE_BEFORE) -> T:
        """Draw one of `choices`.

        `before` is the one that trials had, in effect, before this parameter came.

        Raises:
            StudyError: If they have no order, there are none, two are equal, or one is not None, a
                bool, an int within 2**53, a float other than NaN, or a str of valid Unicode.
        """
        where = f"space: suggest_categorical({shown(name)})"
        written: list[T] = listed(where, choices)
        domain = one_of(where, written)
        return written[domain.choices.index(self._draw(name, domain, before))]

    def _draw(self, name: str, domain: Domain, before: Value) -> Value:
        name = checked_name(name)
        known = self.domains.get(name)
        if known is None:
            self.domains[name] = domain
            self.params[name] = domain.as_recorded(self._choose(name, domain, before))
        elif known != domain:
            raise StudyError(
                f"space: expected one range for {name!r}, got {known} and {domain}; "
                f"give the second parameter a name of its own"
            )
        return self.params[name]

    def _choose(self, name: str, domain: Domain, before: Value) -> Value:
        if before is not NONE_BEFORE and not is_like(before, domain):
            raise StudyError(
                f"space: expected before of {name!r} to be a value like those in {domain}, got "
                f"{shown(before)}; fix it, or leave it out"
            )
        try:
            return self.choose(name, domain)
        except NewParameterError:
            if before is NONE_BEFORE:
                raise
            return before


Space = Callable[[Trial], Any]


def refusal(space: Space, trial: Trial) -> str | None:
    """Draw a configuration; return why `space` says that it is infeasible, None if it is not."""
    try:
        space(trial)
    except Infeasible as why:
        return str(why) or "no reason given"
    return None


class Kinds:
    """What the parameters of a study are, so that no name stands for two kinds of values.

    Ranges of numbers may differ between trials. Whether they are whole, their scale, and choices
    may not: samplers and tables could not compare such values.
    """

    def __init__(self) -> None:
        self._known: dict[str, Domain] = {}

    def check(self, name: str, domain: Domain) -> None:
        """Take in a parameter that a trial draws.

        Raises:
            StudyError: If it is of another kind than before.
        """
        known = self._known.setdefault(name, domain)
        if not same_kind(known, domain):
            raise StudyError(
                f"space: expected {name!r} to be of one kind in all trials, got {known} and "
                f"{domain}; give the second parameter a name of its own"
            )


def fixed(params: Mapping[str, Value]) -> Choose:
    """Return a `choose` that gives recorded values, so that `space` returns the same configuration.

    Raises:
        StudyError: When called for a parameter without a recorded value, or with one out of range.
    """

    def choose(name: str, domain: Domain) -> Value:
        if name not in params:
            raise NewParameterError(
                f"space: expected parameters {sorted(params)}, got a new one, {name!r}"
            )
        if params[name] not in domain:
            raise OutOfRangeError(f"space: expected {name!r} in {domain}, got {params[name]!r}")
        return params[name]

    return choose


def as_dict(config: object) -> dict[str, Any]:
    """Return a configuration as a dictionary of JSON values.

    Args:
        config: What `space` returned: an instance of a dataclass, or a mapping.

    Raises:
        StudyError: If it is neither, or holds a value that JSON or UTF-8 cannot.
    """
    if is_dataclass(config) and not isinstance(config, type):
        values = asdict(config)
    elif isinstance(config, Mapping):
        values = dict(config)
    else:
        raise StudyError(
            f"space: expected a configuration (a dataclass or a dict), got {config!r}; return one"
        )
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except (TypeError, UnicodeEncodeError) as error:
        raise StudyError(
            f"space: expected a configuration of plain values, got {config!r} ({error}); "
            f"keep names and numbers in it and build objects from them in train"
        ) from None
    return values
