"""Settings that a study declares for itself, and that `--set KEY=VALUE` changes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeVar, cast, get_args, get_type_hints

import msgspec

from sweep.errors import OptionError, StudyError

S = TypeVar("S")


@dataclass
class _Overrides:
    given: Mapping[str, object]
    known: dict[str, Any] = field(default_factory=dict)


_overrides: ContextVar[_Overrides | None] = ContextVar("overrides", default=None)


def settings(declaration: type[S]) -> S:
    """Return the study's settings: the defaults of a dataclass, with the user's changes.

    Call it at the top of a study file. Each value is read by the field's annotation: numbers, text,
    true or false, none, paths, enumerations, `Literal`, and lists, tuples, dictionaries and unions
    of these. Lists are given as `--set models=1,2,3` or as JSON.

    Args:
        declaration: A frozen dataclass whose fields all have defaults.

    Raises:
        StudyError: If `declaration` is not a dataclass, a field has no default, or a default is not
            what its annotation says or cannot be recorded as JSON.
        OptionError: If a changed value cannot be read by its annotation.
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
    kinds = _kinds(declaration, defaults)
    recorded = {name: _recorded(name, getattr(defaults, name), kinds[name]) for name in kinds}
    overrides = _overrides.get()
    if overrides is None:
        return defaults
    changes = {
        name: _read(name, overrides.given[name], kinds[name], getattr(defaults, name))
        for name in overrides.given.keys() & kinds.keys()
    }
    recorded |= {name: _recorded(name, value, kinds[name]) for name, value in changes.items()}
    overrides.known.update(recorded)
    return declaration(**changes)


@contextmanager
def overriding(given: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Apply `given` to every call of `settings` inside.

    Yields:
        All settings that were declared, as the JSON values to record.

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


def _kinds(declaration: type, defaults: object) -> dict[str, Any]:
    """Return the annotation of each setting; the default completes a bare list or tuple."""
    try:
        hints = get_type_hints(declaration)
    except Exception as error:
        raise StudyError(
            f"settings: expected annotations that name types, got {type(error).__name__}: {error}; "
            f"import these types at the top of the file"
        ) from error
    kinds = {f.name: hints[f.name] for f in fields(cast("Any", declaration)) if f.init}
    for name, kind in kinds.items():
        value = getattr(defaults, name)
        if kind in (list, tuple) and value:
            item = type(value[0])
            kinds[name] = tuple[item, ...] if kind is tuple else list[item]  # type: ignore[valid-type]
    return kinds


def _recorded(name: str, value: object, kind: Any) -> Any:
    """Return a setting as the JSON value that a run records.

    Raises:
        StudyError: If it is not what its annotation says, or cannot be read back.
    """
    try:
        plain = msgspec.to_builtins(value, enc_hook=_plain_path, order="deterministic")
        plain = json.loads(json.dumps(plain))
        if _converted(plain, kind) != value:
            raise ValueError(f"that reads {plain!r} back as something else")
    except Exception as error:
        raise StudyError(
            f"settings: expected {name!r} to be {_text(kind)}, of values that JSON can hold, "
            f"got {value!r} ({error}); change the default or the annotation"
        ) from error
    return plain


def _read(name: str, given: object, kind: Any, default: object) -> object:
    """Return a setting from what `--set` or the record of a run gives."""
    for candidate in _candidates(given, kind) if isinstance(given, str) else [given]:
        with suppress(Exception):
            return _converted(candidate, kind)
    raise OptionError(
        f"--set {name}: expected a value of type {_text(kind)}, like {default!r}, got {given!r}"
    )


def _candidates(text: str, kind: Any) -> Iterator[object]:
    """Yield what a text may mean: JSON, or itself, or a list of its parts."""
    text = text.strip()
    if isinstance(kind, type) and issubclass(kind, Enum) and text in kind.__members__:
        yield kind[text]
    if kind is not str:
        with suppress(ValueError):
            yield None if text.lower() == "none" else json.loads(text)
    yield text
    if not text.startswith("["):
        yield [part.strip() for part in text.split(",")]


def _converted(value: object, kind: Any) -> Any:
    return msgspec.convert(value, kind, strict=False, dec_hook=_path)


def _plain_path(value: object) -> str:
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError


def _path(kind: type, value: Any) -> Any:
    if issubclass(kind, PurePath):
        return kind(value)
    raise NotImplementedError


def _text(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{kind.__name__} ({', '.join(kind.__members__)})"
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
