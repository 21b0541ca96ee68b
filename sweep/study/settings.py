"""Settings that a study declares for itself, and that `--set KEY=VALUE` changes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from sweep.errors import OptionError, StudyError

S = TypeVar("S")


@dataclass
class _Overrides:
    given: Mapping[str, str]
    known: dict[str, Any] = field(default_factory=dict)


_overrides: ContextVar[_Overrides | None] = ContextVar("overrides", default=None)


def settings(declaration: type[S]) -> S:
    """Return the study's settings: the defaults of a dataclass, with the user's changes.

    Call it once, at the top of a study file. Each value is parsed as the type of its default: a
    number, a string, true or false, or a tuple, as in `--set models=1,2,3`.

    Args:
        declaration: A frozen dataclass whose fields all have defaults.

    Raises:
        StudyError: If `declaration` is not a dataclass, or a field has no default.
        OptionError: If a changed value cannot be parsed as the type of its default.
    """
    if not (isinstance(declaration, type) and is_dataclass(declaration)):
        raise StudyError(f"settings: expected a dataclass, got {declaration!r}; decorate the class")
    try:
        defaults = declaration()
    except TypeError as error:
        raise StudyError(
            f"settings: expected a default for every field of {declaration.__name__}, "
            f"got none for one ({error}); give each field a value"
        ) from None
    overrides = _overrides.get()
    if overrides is None:
        return defaults
    names = overrides.given.keys() & {f.name for f in fields(declaration)}
    parsed = {n: _parse(n, overrides.given[n], getattr(defaults, n)) for n in names}
    chosen = declaration(**parsed)
    overrides.known.update(asdict(chosen))
    return chosen


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON values: tuples become lists."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def as_text(value: object) -> str:
    """Return the value of a setting in the form that `--set` parses."""
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextmanager
def overriding(given: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Apply `given` to every call of `settings` inside; yield all settings that were declared.

    Raises:
        OptionError: On exit, if one of `given` is not a setting of the study.
    """
    overrides = _Overrides(given)
    token = _overrides.set(overrides)
    try:
        yield overrides.known
    finally:
        _overrides.reset(token)
    for name in given:
        if name not in overrides.known:
            known = ", ".join(overrides.known) or "none at all"
            raise OptionError(f"--set {name}: expected one of the study's settings, got {name!r}; "
                              f"it has {known}")  # fmt: skip


def _parse(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, tuple):
            kind = default[0] if default else ""
            return tuple(_parse_one(part, kind) for part in text.split(","))
        return _parse_one(text, default)
    except (ValueError, KeyError):
        kind = type(default).__name__
        raise OptionError(
            f"--set {name}: expected a value of type {kind}, like {default!r}, got {text!r}"
        ) from None


def _parse_one(text: str, default: object) -> object:
    if isinstance(default, bool):
        return {"true": True, "false": False}[text.strip().lower()]
    if isinstance(default, int | float):
        return type(default)(text)
    return text.strip()
