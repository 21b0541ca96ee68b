"""Domains: what a single parameter is drawn from."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

# Optuna warns of every last step that is rounded, with which `stepped` has dealt.
warnings.filterwarnings("ignore", "The distribution is specified by .* not divisible by `step`")

Value = None | bool | int | float | str


Params = dict[str, Value]


def stepped(low: float, high: float, step: float) -> tuple[float, float, float]:
    """Return (low, high, step), where `high` is the last step and a step of 0.1 reaches 0.3.

    A last step that only rounding puts beyond `high`, as in 0..pi by pi / 8, is in the range. Where
    the decimals that Optuna computes with would lose it, all three are rounded to 15 digits.
    """
    start, end, width = map(_decimal, (low, high, step))
    n = int((end - start) // width)
    last = float(start + n * width)
    rounding = Decimal(math.ulp(max(abs(low), abs(high)))) * 8
    is_reached = start + (n + 1) * width - end > rounding
    if is_reached and float(start + (_decimal(last) - start) // width * width) == last:
        return float(low), last, step
    n += not is_reached
    digit = Decimal(1).scaleb(max(abs(start), abs(end)).adjusted() - 14)
    start = start.quantize(digit, ROUND_CEILING)
    width = (min(end - start, n * width) / n).quantize(digit, ROUND_FLOOR)
    return float(start), float(start + n * width), float(width)


def _decimal(number: float) -> Decimal:
    return Decimal(str(float(number)))


class Steps(Sequence[float]):
    """The numbers low..high, `step` apart; each is computed when it is asked for."""

    def __init__(self, low: float, high: float, step: float) -> None:
        self._low, self._step = _decimal(low), _decimal(step)
        self._places = range(int((_decimal(high) - self._low) // self._step) + 1)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: Any) -> Any:
        return float(self._low + self._places[place] * self._step)

    def index(self, value: float, *_: int) -> int:
        """Return the place of a value, which may be off by a rounding error."""
        return round((_decimal(value) - self._low) / self._step)


@dataclass(frozen=True)
class Float:
    """Real numbers low..high, both included; `step` apart, or on a logarithmic scale."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __str__(self) -> str:
        return f"float {self.low:g}..{self.high:g}{_scale(self.step, log=self.log)}"

    def values(self) -> Sequence[float] | None:
        """Return all values in order, or None if there are infinitely many."""
        if self.step is None:
            return [self.low] if self.low == self.high else None
        return Steps(self.low, self.high, self.step)

    def as_recorded(self, value: Any) -> Value:
        """Return a value of this domain as the database gives it back."""
        return float(value)

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

    def values(self) -> Sequence[int]:
        """Return all values in order."""
        return range(self.low, self.high + 1, self.step)

    def as_recorded(self, value: Any) -> Value:
        """Return a value of this domain as the database gives it back."""
        return int(value)

    def __contains__(self, value: object) -> bool:
        is_int = isinstance(value, int) and not isinstance(value, bool)
        return is_int and value in self.values()


@dataclass(frozen=True)
class Categorical:
    """One of a few named choices: plain values, in the order given. True, 1 and 1.0 differ."""

    choices: tuple[Value, ...]
    _types: tuple[type, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_types", tuple(map(type, self.choices)))

    def __str__(self) -> str:
        return f"one of {', '.join(map(repr, self.choices))}"

    def values(self) -> Sequence[Value]:
        """Return all values in order."""
        return self.choices

    def as_recorded(self, value: Any) -> Value:
        """Return a value of this domain as the database gives it back."""
        return self.choices[self.choices.index(value)]

    def __contains__(self, value: object) -> bool:
        return isinstance(value, Value) and value in self.choices


def _scale(step: float | None, *, log: bool) -> str:
    return " log" if log else "" if step is None else f" step {step:g}"


Domain = Float | Int | Categorical


def same_kind(one: Domain, other: Domain) -> bool:
    """Return whether two domains hold values that can be compared: only ranges may differ."""
    if isinstance(one, Categorical) or isinstance(other, Categorical):
        return one == other
    return type(one) is type(other) and one.log == other.log


def is_like(value: Value, domain: Domain) -> bool:
    """Return whether a value is in a domain, or at least a number like those in a range."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    match domain:
        case Int():
            return is_whole
        case Float():
            return is_whole or (isinstance(value, float) and math.isfinite(value))
    return value in domain
