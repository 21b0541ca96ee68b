"""Domains: what a single parameter is drawn from."""

from dataclasses import dataclass
from decimal import Decimal

Value = None | bool | int | float | str


Params = dict[str, Value]


def steps(low: float, high: float, step: float) -> list[float]:
    """Return low, low + step, ... up to high, in decimal arithmetic: steps of 0.1 reach 0.3."""
    start, end, width = (Decimal(str(float(number))) for number in (low, high, step))
    return [float(start + i * width) for i in range(int((end - start) // width) + 1)]


@dataclass(frozen=True)
class Float:
    """Real numbers low..high, both included; `step` apart, or on a logarithmic scale."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __str__(self) -> str:
        return f"float {self.low:g}..{self.high:g}{_scale(self.step, log=self.log)}"

    def values(self) -> list[Value] | None:
        """Return all values in order, or None if there are infinitely many."""
        if self.step is None:
            return [self.low] if self.low == self.high else None
        return list(steps(self.low, self.high, self.step))

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
        """Return all values in order."""
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
        """Return all values in order."""
        return list(self.choices)

    def __contains__(self, value: object) -> bool:
        return value in self.choices


def _scale(step: float | None, *, log: bool) -> str:
    return " log" if log else "" if step is None else f" step {step:g}"


Domain = Float | Int | Categorical
