"""The search space: the trial that a study draws its parameters from."""

import json
import math
import re
from collections.abc import Callable, Mapping, MappingView, Sequence, Set
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, TypeVar

import numpy as np

from sweep.errors import StudyError
from sweep.trials.domains import Categorical, Domain, Float, Int, Params, Value, stepped

T = TypeVar("T", bound=Value)


Choose = Callable[[str, Domain], Value]


SURROGATES = re.compile("[\ud800-\udfff]")

MAX_WHOLE = 2**53
"""Largest whole number: databases and tables hold numbers as floats, exact only up to this."""


def _plain(value: Any) -> Any:
    """Return a scalar of NumPy as the Python value that JSON can hold; others as they are."""
    return value.item() if isinstance(value, np.generic) else value


def _is_unicode(value: object) -> bool:
    """Return whether UTF-8 can encode a text; names of files that are no UTF-8 become others."""
    return not isinstance(value, str) or not SURROGATES.search(value)


CHOICE: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "are None, bool, int, float or str",
        lambda value: isinstance(value, Value),
        "choose by name and look the object up in a dict",
    ),
    ("equal themselves", lambda value: value == value, "name it, such as 'nan', or use None"),
    (
        "are within 2**53 if whole numbers, which a float holds exactly",
        lambda value: not isinstance(value, int) or abs(value) <= MAX_WHOLE,
        "choose by name and look the number up in a dict",
    ),
    ("are valid Unicode", _is_unicode, "choose by name and look the text up in a dict"),
)
"""What each choice must be, its test, and what to do about a choice that fails."""


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
        low, high, step = _plain(low), _plain(high), _plain(step)
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
            StudyError: If the range is empty, exceeds 2**53, or does not go with `step` or `log`.
        """
        low, high, step = _plain(low), _plain(high), _plain(step)
        where = f"space: suggest_int({name!r})"
        if not (isinstance(low, int) and isinstance(high, int) and low <= high):
            raise StudyError(
                f"{where}: expected whole numbers low <= high, got {low=}, {high=}; fix them"
            )
        if max(abs(low), abs(high)) > MAX_WHOLE:
            raise StudyError(
                f"{where}: expected whole numbers within 2**53, which a float holds exactly, got "
                f"{low=}, {high=}; draw a smaller number and compute the large one from it"
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
            StudyError: If they have no order, there are none, two are equal, or one is not None, a
                bool, an int within 2**53, a float other than NaN, or a str of valid Unicode.
        """
        where = f"space: suggest_categorical({name!r})"
        if isinstance(choices, Set | MappingView):
            raise StudyError(
                f"{where}: expected choices in an order that stays the same, as in a list or a "
                f"tuple, got a {type(choices).__name__}; write a list, or sort them"
            )
        choices = [_plain(c) for c in getattr(choices, "tolist", lambda: choices)()]
        if not choices:
            raise StudyError(f"{where}: expected at least one choice, got none; name one")
        for choice in choices:
            for law, holds, advice in CHOICE:
                if not holds(choice):
                    raise StudyError(
                        f"{where}: expected choices that {law}, got {choice!r}; {advice}"
                    )
        if len(set(choices)) < len(choices):
            raise StudyError(
                f"{where}: expected choices that differ, got {tuple(choices)}, where two are "
                f"equal (True is 1); drop or rename one"
            )
        return self._draw(name, Categorical(tuple(choices)))  # type: ignore[return-value]

    def _draw(self, name: str, domain: Domain) -> Value:
        if not _is_unicode(name):
            raise StudyError(
                f"space: expected parameter names of valid Unicode, got {name!r}; rename it"
            )
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
