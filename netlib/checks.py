"""This file checks settings at construction and words the errors alike."""

import math

from netlib.errors import ConfigError


def check_count(where: str, name: str, value: int) -> None:
    """Refuse anything but an integer of at least one.

    Args:
        where: Who asks; opens the message.
        name: Name of the setting.
        value: Its value.

    Raises:
        ConfigError: If the value is not an integer >= 1.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(
            f"{where}: expected {name} to be an integer >= 1, got {value!r}; pass a positive int"
        )


def check_range(where: str, name: str, value: float, law: str) -> None:
    """Refuse a number outside a half-open or closed interval.

    Args:
        where: Who asks; opens the message.
        name: Name of the setting.
        value: Its value.
        law: The interval in mathematical notation, such as "[0, 1)" or "(0, inf)".

    Raises:
        ConfigError: If the value is not a number or lies outside the interval.
    """
    low, high = (float(bound) for bound in law[1:-1].split(","))
    inside = isinstance(value, (int, float)) and math.isfinite(value) and low <= value <= high
    open_end = inside and ((value == low and law[0] == "(") or (value == high and law[-1] == ")"))
    if not inside or open_end:
        raise ConfigError(
            f"{where}: expected {name} in {law}, got {value!r}; choose a number inside"
        )
