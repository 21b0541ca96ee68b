"""Makes domains of the ranges and choices that a study writes, or says what is wrong with them."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

from sweep.errors import StudyError
from sweep.text import shown
from sweep.trials.domains import Categorical, Float, Int, Value, stepped

MAX_WHOLE = 2**53
"""Largest whole number: databases and tables hold numbers as floats, exact only up to this."""

FINEST = 2e8
"""Smallest step, in units of the last place of the ends: with it, rounding hides no step."""

MAX_NAME = 512
"""Longest name of a parameter, in characters: as many as Optuna's tables have room for."""

SURROGATES = re.compile("[\ud800-\udfff]")

Law = tuple[bool, str, str]
"""Whether a law holds, what it expects, and what to do if it does not."""


def checked_name(name: Any) -> str:
    """Return the name of a parameter as a plain text.

    Raises:
        StudyError: If it is no text that every database can hold.
    """
    is_text = isinstance(name, str) and len(name) <= MAX_NAME
    if not is_text or "\0" in name or not _is_unicode(name):
        raise StudyError(
            f"space: expected a parameter's name to be a text of valid Unicode, of at most "
            f"{MAX_NAME} characters and without a NUL, got {shown(name)}; rename it"
        )
    return str.__str__(name)


def float_range(where: str, low: Any, high: Any, step: Any, log: Any) -> Float:
    """Return the domain of `suggest_float`; `where` begins the message of an error.

    Raises:
        StudyError: If the range is empty or not finite, or does not go with `step` or `log`.
    """
    given = {"low": low, "high": high, "step": step, "log": log}
    first, last, log = _real(low), _real(high), _plain(log)
    width = None if step is None else _real(step)
    is_range = math.isfinite(first) and math.isfinite(last) and first <= last
    finest = FINEST * math.ulp(max(abs(first), abs(last))) if is_range else 0.0
    _check(
        where,
        given,
        (is_range, "finite numbers low <= high", "fix them"),
        (math.isfinite(last - first), "high - low to be finite", "draw its logarithm"),
        (isinstance(log, bool), "log to be True or False", "give one of them"),
        (
            width is None or (0 < width < math.inf and not log),
            "a finite step > 0 and no log",
            "drop one",
        ),
        (first > 0 or not log, "low > 0 with log=True", "raise low"),
        (
            width is None or width >= min(finest, last - first),
            f"a step of at least {finest:.1g}, as floats of this size need",
            "make it larger, or drop it",
        ),
    )
    if width is not None:
        first, last, width = stepped(first, last, width)
    return Float(first, last, width, log)


def int_range(where: str, low: Any, high: Any, step: Any, log: Any) -> Int:
    """Return the domain of `suggest_int`; `where` begins the message of an error.

    Raises:
        StudyError: If the range is empty, exceeds 2**53, or does not go with `step` or `log`.
    """
    given = {"low": low, "high": high, "step": step, "log": log}
    low, high, step, log = (_plain(value) for value in (low, high, step, log))
    whole = _is_whole(low) and _is_whole(high)
    _check(
        where,
        given,
        (whole and low <= high, "whole numbers low <= high", "fix them"),
        (
            whole and max(abs(low), abs(high)) <= MAX_WHOLE,
            "whole numbers within 2**53, which a float holds exactly",
            "draw a smaller number and compute the large one from it",
        ),
        (isinstance(log, bool), "log to be True or False", "give one of them"),
        (
            _is_whole(step) and step >= 1 and (not log or (step == 1 and whole and low >= 1)),
            "a whole step >= 1, and with log=True step 1 and low >= 1",
            "fix them",
        ),
    )
    high = low + (high - low) // step * step
    return Int(int(low), int(high), int(step), log)


def listed(where: str, choices: Any) -> list[Any]:
    """Return choices as a list, those of NumPy and pandas as values of Python.

    Raises:
        StudyError: If they have no order that stays the same.
    """
    choices = getattr(choices, "tolist", lambda: choices)()
    is_list = isinstance(choices, Sequence) and not isinstance(choices, str | bytes | bytearray)
    law = "choices in an order that stays the same, as in a list or a tuple"
    got = "None" if choices is None else f"a value of type {type(choices).__name__}"
    is_sorted = "write a list" + (" of its keys or values" if isinstance(choices, Mapping) else "")
    _check(where, got, (is_list, law, is_sorted))
    return [_plain(choice) for choice in choices]


def one_of(where: str, choices: list[Any]) -> Categorical:
    """Return the domain of `suggest_categorical`; `where` begins the message of an error.

    Raises:
        StudyError: If there are no choices, two are equal, or one is not None, a bool, an int
            within 2**53, a float other than NaN, or a str of valid Unicode.
    """
    _check(where, "none", (bool(choices), "at least one choice", "name one"))
    for choice in choices:
        _check(where, shown(choice), *_laws_of_a_choice(choice))
    _check(
        where,
        shown(tuple(choices)),
        (
            len(set(choices)) == len(choices),
            "choices that differ (True, 1 and 1.0 are equal)",
            "drop or rename one",
        ),
    )
    return Categorical(tuple(map(_recorded, choices)))


def _laws_of_a_choice(choice: Any) -> list[Law]:
    by_name = "choose by name and look the {} up in a dict"
    is_value = isinstance(choice, Value)
    is_exact = not isinstance(choice, int) or abs(choice) <= MAX_WHOLE
    return [
        (is_value, "choices that are None, bool, int, float or str", by_name.format("object")),
        (
            is_value and choice == choice,
            "choices that equal themselves",
            "name it, such as 'nan', or use None",
        ),
        (
            is_exact,
            "choices that are within 2**53 if whole numbers, which a float holds exactly",
            by_name.format("number"),
        ),
        (_is_unicode(choice), "choices that are valid Unicode", by_name.format("text")),
    ]


def _check(where: str, given: str | Mapping[str, Any], *laws: Law) -> None:
    for holds, expected, advice in laws:
        if not holds:
            if not isinstance(given, str):
                given = ", ".join(f"{name}={shown(value)}" for name, value in given.items())
            raise StudyError(f"{where}: expected {expected}, got {given}; {advice}")


def _plain(value: Any) -> Any:
    """Return a scalar of NumPy or PyTorch as the value of Python; others as they are."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _recorded(choice: Value) -> Value:
    """Return a choice as JSON gives it back: members of enumerations as their plain values."""
    match choice:
        case bool() | None:
            return choice
        case int():
            return int(choice)
        case float():
            return float(choice)
    return str.__str__(choice)


def _real(value: Any) -> float:
    """Return a number of any kind as a float; NaN if it is none, or too large for a float."""
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        return math.nan


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_unicode(value: object) -> bool:
    """Return whether UTF-8 can encode a text; names of files that are no UTF-8 become others."""
    return not isinstance(value, str) or not SURROGATES.search(value)
