"""Checks of settings, all with the same wording of errors."""

import math

import numpy as np

from netlib.errors import ConfigError


def check_count(where: str, name: str, value: object) -> None:
    """Refuse anything but an integer of at least one.

    Args:
        where: Name of the caller, which opens the message.
        name: Name of the setting.
        value: Its value.

    Raises:
        ConfigError: If the value is not an integer >= 1.
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ConfigError(
            f"{where}: expected {name} to be an integer >= 1, got {value!r}; pass a positive int"
        )


def check_range(where: str, name: str, value: object, law: str) -> None:
    """Refuse a number outside a half-open or closed interval.

    Args:
        where: Name of the caller, which opens the message.
        name: Name of the setting.
        value: Its value.
        law: The interval in mathematical notation, such as "[0, 1)" or "(0, inf)".

    Raises:
        ConfigError: If the value is not a number or lies outside the interval.
    """
    low, high = (float(bound) for bound in law[1:-1].split(","))
    number = float(value) if isinstance(value, (int, float, np.number)) else math.nan
    above = number > low or (number == low and law[0] == "[")
    below = number < high or (number == high and law[-1] == "]")
    if not (above and below):
        raise ConfigError(
            f"{where}: expected {name} in {law}, got {value!r}; choose a number inside"
        )
