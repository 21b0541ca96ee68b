"""What objects hold, as far as that can be compared, and whose they are."""

import inspect
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import PurePath
from re import Pattern
from types import FunctionType, MappingProxyType, MethodType
from typing import Any

from sweep.study.code.fingerprint import of_data
from sweep.study.code.local_modules import is_installed

NUMBERS = (type(None), bool, int, float, complex)
WRITTEN = (*NUMBERS, str, bytes, type(...), PurePath, Decimal, Fraction, date, timedelta, range)
"""Types whose `repr` tells all that there is to know."""

MAX_SHOWN = 60
"""Characters of a value that is recorded as it is."""

WRAPPED = ("__wrapped__", "func", "py_func")
"""Attributes in which objects that wrap a function keep it."""

HEAP_TYPE = 1 << 9
"""The flag of classes that a class statement made; see Py_TPFLAGS_HEAPTYPE in Python's C API."""


def is_shown(value: Any) -> bool:
    """Return whether to record a value as it is: numbers, which are short and no secrets."""
    inside: Iterable[Any] = ()
    if type(value) in (list, tuple):
        inside = value
    elif type(value) is dict and all(isinstance(key, str) for key in value):
        inside = value.values()
    elif type(value) not in NUMBERS:
        return False
    return all(map(is_shown, inside)) and len(repr(value)) <= MAX_SHOWN


def is_own(cls: type) -> bool:
    """Return whether a class is the user's, of a script or of a module that is not installed."""
    return bool(cls.__flags__ & HEAP_TYPE) and not is_installed(cls.__module__)


def inside(value: Any) -> Iterator[Any]:
    """Yield what an object holds, as far as it can be compared."""
    kind = type(value)
    if is_own(kind):
        yield kind
    if isinstance(value, list | tuple | deque):
        yield from value
    elif isinstance(value, dict | MappingProxyType):
        yield from chain.from_iterable(value.items())
    elif isinstance(value, Enum):
        yield from (value.name, value.value)
        return
    if is_own(kind) or (is_dataclass(value) and not kind.__module__.startswith("sweep.")):
        yield from _attributes(value)
    elif hasattr(kind, "__array__"):
        yield _of_array(value)
    else:
        yield from _parts_of_standard_objects(value)


def _parts_of_standard_objects(value: Any) -> tuple[Any, ...]:
    match value:
        case partial():
            return value.func, value.args, value.keywords
        case MethodType():
            return value.__func__, value.__self__
        case staticmethod() | classmethod():
            return (value.__func__,)
        case property():
            return value.fget, value.fset, value.fdel
        case Pattern():
            return value.pattern, value.flags
    attributes = getattr(value, "__dict__", {})
    return tuple(attributes[name] for name in WRAPPED if name in attributes)


def variables(function: FunctionType) -> dict[str, Any]:
    """Return the defaults of a function's arguments, and the variables of enclosing functions."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    found = dict(zip(names[len(names) - len(values) :], values, strict=True))
    found |= function.__kwdefaults__ or {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not bound yet
            found[name] = None
    return found


def members(cls: type) -> Iterator[Any]:
    """Yield the bases of a class, and names and values of what was written in it."""
    yield from cls.__bases__
    if is_dataclass(cls):
        for field in fields(cls):
            yield field.name
            defaults = (field.default, field.default_factory)
            yield from (default for default in defaults if default is not MISSING)
    for name, member in sorted(vars(cls).items()):
        is_special = name.startswith("__")
        is_function = isinstance(member, FunctionType | staticmethod | classmethod)
        if is_special and (not is_function or (is_dataclass(cls) and _is_made(member))):
            continue
        yield from (name, member)


def _is_made(member: Any) -> bool:
    """Return whether `dataclass` made a method."""
    code = getattr(inspect.unwrap(member), "__code__", None)
    return code is not None and code.co_filename == "<string>"


def _attributes(value: Any) -> Iterator[Any]:
    slots = {slot for cls in type(value).__mro__ for slot in getattr(cls, "__slots__", ())}
    for name in sorted({*getattr(value, "__dict__", ()), *slots} - {"__dict__", "__weakref__"}):
        yield from (name, getattr(value, name, None))


def _of_array(value: Any) -> str:
    try:
        return of_data(value)
    except Exception:  # noqa: BLE001 - it may be on a GPU; then only its type counts
        return ""
