"""The search space: the trial that a study draws its parameters from."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, TypeVar

from sweep.errors import StudyError
from sweep.trials.domains import Categorical, Domain, Float, Int, Params, Value, stepped

T = TypeVar("T", bound=Value)


Choose = Callable[[str, Domain], Value]


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
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Draw a real number from low..high.

        Raises:
            StudyError: If the range is empty or not finite, or does not go with `step` or `log`.
        """
        where = f"space: suggest_float({name!r})"
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise StudyError(f"{where}: expected low <= high, got {low=}, {high=}; swap them")
        if step is not None and (step <= 0 or log):
            raise StudyError(
                f"{where}: expected step > 0 and no log, got {step=}, {log=}; drop one"
            )
        if log and low <= 0:
            raise StudyError(f"{where}: expected low > 0 with log=True, got {low=}; raise low")
        if step is not None:
            low, high, step = stepped(low, high, step)
        value = self._draw(name, Float(float(low), float(high), step, log))
        return float(value)  # type: ignore[arg-type]

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """Draw an integer from low..high.

        Raises:
            StudyError: If the range is empty, or does not go with `step` or `log`.
        """
        where = f"space: suggest_int({name!r})"
        if not (isinstance(low, int) and isinstance(high, int) and low <= high):
            raise StudyError(
                f"{where}: expected whole numbers low <= high, got {low=}, {high=}; fix them"
            )
        if step < 1 or (log and (step != 1 or low < 1)):
            raise StudyError(
                f"{where}: expected step >= 1, and with log=True step 1 and low >= 1, "
                f"got {low=}, {step=}, {log=}; fix them"
            )
        high = low + (high - low) // step * step
        value = self._draw(name, Int(low, high, step, log))
        return int(value)  # type: ignore[arg-type]

    def suggest_categorical(self, name: str, choices: Sequence[T]) -> T:
        """Draw one of `choices`.

        Raises:
            StudyError: If there are none, two are equal, or one is not None, a bool, an int, a
                float or a str.
        """
        where = f"space: suggest_categorical({name!r})"
        if not choices:
            raise StudyError(f"{where}: expected at least one choice, got none; name one")
        for choice in choices:
            if not isinstance(choice, Value):
                raise StudyError(
                    f"{where}: expected choices that are None, bool, int, float or str, "
                    f"got {choice!r}; choose by name and look the object up in a dict"
                )
        if len(set(choices)) < len(choices):
            raise StudyError(
                f"{where}: expected choices that differ, got {tuple(choices)}, where two are "
                f"equal (True is 1); drop or rename one"
            )
        return self._draw(name, Categorical(tuple(choices)))  # type: ignore[return-value]

    def _draw(self, name: str, domain: Domain) -> Value:
        known = self.domains.get(name)
        if known is None:
            self.domains[name] = domain
            self.params[name] = self.choose(name, domain)
        elif known != domain:
            raise StudyError(
                f"space: expected one range for {name!r}, got {known} and {domain}; "
                f"give the second parameter a name of its own"
            )
        return self.params[name]


Space = Callable[[Trial], Any]


def fixed(params: Mapping[str, Value]) -> Choose:
    """Return a `choose` that gives recorded values, so that `space` returns the same configuration.

    Raises:
        StudyError: When called for a parameter without a recorded value, or with one out of range.
    """

    def choose(name: str, domain: Domain) -> Value:
        if name not in params:
            raise StudyError(
                f"space: expected parameters {sorted(params)}, got a new one, {name!r}"
            )
        if params[name] not in domain:
            raise StudyError(f"space: expected {name!r} in {domain}, got {params[name]!r}")
        return params[name]

    return choose


def as_dict(config: object) -> dict[str, Any]:
    """Return a configuration as a dictionary of JSON values.

    Args:
        config: What `space` returned: an instance of a dataclass, or a mapping.

    Raises:
        StudyError: If it is neither, or holds a value that JSON cannot.
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
        json.dumps(values)
    except TypeError as error:
        raise StudyError(
            f"space: expected a configuration of plain values, got {config!r} ({error}); "
            f"keep names and numbers in it and build objects from them in train"
        ) from None
    return values
