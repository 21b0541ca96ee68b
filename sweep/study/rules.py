"""Rules that check the fields of a declaration, each with its words for the error message."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

Rule = tuple[str, Callable[[Any], bool]]
"""What a value is expected to be, and whether it is."""

MAX_NAME = 200
"""Bytes of the name of a run or a study, which names files: file systems allow 255."""


FUNCTION: Rule = ("a function", callable)


def _are_places(value: object) -> bool:
    is_list = isinstance(value, tuple | list)
    return is_list and all(isinstance(place, str | Path) and str(place) for place in value)  # type: ignore[attr-defined]


PLACES: Rule = ("a tuple of runs or of URLs of Optuna storages", _are_places)


def whole_number(least: int) -> Rule:
    """Return the rule for an integer that is at least `least`."""

    def holds(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return f"a whole number >= {least}", holds


def optional(rule: Rule, words: str = " or None") -> Rule:
    """Return a rule that also allows None.

    Args:
        rule: The rule for other values.
        words: Added to its words.
    """
    return rule[0] + words, lambda value: value is None or rule[1](value)


def choices(declaration: type) -> dict[str, Rule]:
    """Return the rule for each field of a dataclass whose type is a `Literal`."""
    kinds = {f.name: get_args(f.type) for f in fields(declaration) if get_origin(f.type) is Literal}
    return {name: (either(values), values.__contains__) for name, values in kinds.items()}


def broken(declaration: Any, rules: Mapping[str, Rule]) -> Iterator[tuple[str, Any]]:
    """Yield what was expected, and the value, for each field that breaks its rule."""
    for name, (words, holds) in rules.items():
        value = getattr(declaration, name)
        if not holds(value):
            yield f"{name} to be {words}", value


def either(values: tuple[object, ...]) -> str:
    """Return the values as in "'a', 'b' or 'c'"."""
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}"


def is_name(value: object) -> bool:
    """Return whether a value can name a study, and so a directory."""
    is_name = isinstance(value, str) and re.fullmatch(r"[^\W_][\w.-]*", value)
    return bool(is_name) and len(str(value).encode()) <= MAX_NAME


def are_params(value: object) -> bool:
    """Return whether a value is a sequence of parameters by name."""
    return isinstance(value, tuple | list) and all(isinstance(params, Mapping) for params in value)


def are_functions(value: object) -> bool:
    """Return whether a value is a tuple of functions."""
    return isinstance(value, tuple) and all(map(callable, value))
