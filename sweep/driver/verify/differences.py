"""How far two results differ: in the last bits, as rounding has it, or altogether."""

import math
from collections.abc import Mapping
from typing import Any

LAST_BITS = 1e-6
"""Largest relative difference that rounding explains, a few units of a 32-bit number's last bit."""


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the largest relative difference between values of the same name.

    Returns:
        0 if all are equal; infinite if a name is missing, or if values differ that do not round:
        whole numbers, texts, infinity and NaN.
    """
    if one.keys() != other.keys():
        return math.inf
    return max((_relative(one[name], other[name]) for name in one), default=0.0)


def verdict(largest: float) -> str:
    """Return in a few words what a largest relative difference means."""
    if largest == 0:
        return "identical"
    number = "" if math.isinf(largest) else f" (largest relative difference {largest:.1e})"
    return ("equal but for the last bits" if largest <= LAST_BITS else "DIFFERENT") + number


def _relative(one: Any, other: Any) -> float:
    if one == other or (one != one and other != other):  # NaN, as a choice, equals itself
        return 0.0
    if not (isinstance(one, float) or isinstance(other, float)):
        return math.inf
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    if not (numbers and math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return float(abs(one - other) / max(abs(one), abs(other)))
