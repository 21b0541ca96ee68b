"""This file describes a search space: domains of parameters, and the trial that draws from them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from decimal import Decimal
from typing import Any, TypeVar

from sweep.errors import StudyError

Value = None | bool | int | float | str
Params = dict[str, Value]
T = TypeVar("T", bound=Value)


@dataclass(frozen=True)
class Float:
    """Real numbers low..high, both included; on a grid of `step`, or on a logarithmic scale."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __str__(self) -> str:
        return f"float {self.low:g}..{self.high:g}{_scale(self.step, log=self.log)}"

    def values(self) -> list[Value] | None:
        """All values in order, or None where there is a continuum of them."""
        if self.step is None:
            return [self.low] if self.low == self.high else None
        start, width = _decimal(self.low), _decimal(self.step)
        n_steps = int((_decimal(self.high) - start) // width)
        return [float(start + i * width) for i in range(n_steps + 1)]

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if not self.low <= value <= self.high:
            return False
        n_steps = 0.0 if self.step is None else (value - self.low) / self.step
        return abs(n_steps - round(n_steps)) < 1e-8  # sampled values carry rounding errors


@dataclass(frozen=True)
class Int:
    """Whole numbers low..high, both included, `step` apart, or on a logarithmic scale."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    def __str__(self) -> str:
        step = None if self.step == 1 else self.step
        return f"int {self.low}..{self.high}{_scale(step, log=self.log)}"

    def values(self) -> list[Value]:
        """All values in order."""
        return list(range(self.low, self.high + 1, self.step))

    def __contains__(self, value: object) -> bool:
        is_int = isinstance(value, int) and not isinstance(value, bool)
        return is_int and value in range(self.low, self.high + 1, self.step)


@dataclass(frozen=True)
class Categorical:
    """One of a few named choices: plain values, in the order given."""

    choices: tuple[Value, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(map(repr, self.choices))}"

    def values(self) -> list[Value]:
        """All values in order."""
        return list(self.choices)

    def __contains__(self, value: object) -> bool:
        return value in self.choices


def _scale(step: float | None, *, log: bool) -> str:
    return " log" if log else "" if step is None else f" step {step:g}"


Domain = Float | Int | Categorical
Choose = Callable[[str, Domain], Value]


@dataclass
class Trial:
    """What a study's `space` draws its parameters from; the methods are those of Optuna's trials.

    Attributes:
        params: The values drawn so far, by name.
        domains: What each of them was drawn from.
    """

    choose: Choose = field(repr=False)
    params: Params = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A real number in low..high.

        Raises:
            StudyError: If the range is empty or not finite, or `step` and `log` contradict it.
        """
        where = f"space: suggest_float({name!r})"
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise StudyError(
                f"{where}: expected low <= high, got {low=}, {high=}; swap or mend them"
            )
        if step is not None and (step <= 0 or log):
            raise StudyError(
                f"{where}: expected step > 0 and no log, got {step=}, {log=}; drop one"
            )
        if log and low <= 0:
            raise StudyError(f"{where}: expected low > 0 with log=True, got {low=}; raise low")
        if step is not None:
            start, width = _decimal(low), _decimal(step)
            high = float(start + (_decimal(high) - start) // width * width)
        value = self._draw(name, Float(float(low), float(high), step, log))
        return float(value)  # type: ignore[arg-type]

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number in low..high.

        Raises:
            StudyError: If the range is empty, or `step` and `log` contradict it.
        """
        where = f"space: suggest_int({name!r})"
        if not (isinstance(low, int) and isinstance(high, int) and low <= high):
            raise StudyError(
                f"{where}: expected whole numbers low <= high, got {low=}, {high=}; mend them"
            )
        if step < 1 or (log and (step != 1 or low < 1)):
            raise StudyError(
                f"{where}: expected step >= 1, and with log=True step 1 and low >= 1, "
                f"got {low=}, {step=}, {log=}; mend them"
            )
        high = low + (high - low) // step * step
        value = self._draw(name, Int(low, high, step, log))
        return int(value)  # type: ignore[arg-type]

    def suggest_categorical(self, name: str, choices: Sequence[T]) -> T:
        """One of `choices`.

        Raises:
            StudyError: If there are none, or one is not None, a bool, an int, a float or a str.
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


def _decimal(number: float) -> Decimal:
    """The number as it is written: steps of 0.1 reach 0.3, as they do for Optuna."""
    return Decimal(str(float(number)))


Space = Callable[[Trial], Any]


def replay(params: Mapping[str, Value]) -> Choose:
    """Answers with recorded values, so that `space` returns the same configuration anywhere.

    Raises:
        StudyError: When asked for a parameter that was not recorded, or one out of its range.
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


def grid(space: Space) -> list[Params]:
    """Every parameter set of a finite space, depth first, conditional parameters included.

    The space is run once per leaf; the last parameter with a value left moves on, like an odometer.

    Raises:
        StudyError: If a parameter has a continuum of values.
    """
    leaves: list[Params] = []
    path: list[int] = []
    while True:
        sizes: list[int] = []

        def choose(name: str, domain: Domain, sizes: list[int] = sizes) -> Value:
            values = domain.values()
            if values is None:
                raise StudyError(
                    f"space: expected finitely many values for grid sampling, got {name!r} in "
                    f"{domain}; give it a step, or use another sampler"
                )
            position = len(sizes)
            sizes.append(len(values))
            if position == len(path):
                path.append(0)
            return values[path[position]]

        trial = Trial(choose)
        space(trial)
        leaves.append(trial.params)
        while path and path[-1] == sizes[len(path) - 1] - 1:
            path.pop()
        if not path:
            return leaves
        path[-1] += 1


def plain(config: object) -> dict[str, Any]:
    """A configuration as a dictionary, for records.

    Args:
        config: What `space` returned: a dataclass or a mapping.

    Raises:
        StudyError: If it is neither.
    """
    if is_dataclass(config) and not isinstance(config, type):
        return asdict(config)
    if isinstance(config, Mapping):
        return dict(config)
    raise StudyError(
        f"space: expected a configuration (a dataclass or a dict), got {config!r}; return one"
    )
