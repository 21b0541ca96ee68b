"""Laws that the fields of a declaration obey, each with its words for the error message."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin

Law = tuple[str, Callable[[Any], bool]]
"""What a value is expected to be, and whether it is."""

FUNCTION: Law = ("a function", callable)


def whole_number(least: int) -> Law:
    """Return the law of an integer that is at least `least`."""

    def holds(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return f"a whole number >= {least}", holds


def optional(law: Law, words: str = " or None") -> Law:
    """Return a law that holds for None, too.

    Args:
        law: The law of other values.
        words: Added to its words.
    """
    return law[0] + words, lambda value: value is None or law[1](value)


def choices(declaration: type) -> dict[str, Law]:
    """Return the law of each field of a dataclass whose type is a `Literal`."""
    kinds = {f.name: get_args(f.type) for f in fields(declaration) if get_origin(f.type) is Literal}
    return {name: (_either(values), values.__contains__) for name, values in kinds.items()}


def broken(declaration: Any, laws: Mapping[str, Law]) -> Iterator[tuple[str, Any]]:
    """Yield, for each field that breaks its law, what was expected, and the value."""
    for name, (words, holds) in laws.items():
        value = getattr(declaration, name)
        if not holds(value):
            yield f"{name} to be {words}", value


def _either(values: tuple[object, ...]) -> str:
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}"
