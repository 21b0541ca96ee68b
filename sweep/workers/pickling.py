"""Pickles what is sent to slots; what cannot be sent is named."""

import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import cloudpickle

from sweep.errors import StudyError
from sweep.study.code.study_module import rebound
from sweep.study.code.user_code import text_of
from sweep.study.study import Study

BufferCallback = Callable[[pickle.PickleBuffer], object]


def dumps(value: Any, name: str, buffer_callback: BufferCallback | None = None) -> bytes:
    """Return a value pickled, with functions that have no name as code.

    Args:
        value: What to pickle.
        name: What the error message calls it.
        buffer_callback: Takes the memory of arrays, which is then not copied; see `pickle.dumps`.

    Raises:
        StudyError: If a part of it cannot be pickled. The message names the part.
    """
    try:
        return bytes(cloudpickle.dumps(value, 5, buffer_callback))
    except Exception as error:
        part = _culprit(value, name)
        raise StudyError(
            f"{part}: expected something that can be sent to other processes, got "
            f"{type(error).__name__}: {text_of(error)}; create it inside the function that uses it"
        ) from error


def sent(study: Study) -> bytes:
    """Return what a slot needs of a study, and the names that were bound again since it ran.

    Raises:
        StudyError: If a part of it cannot be pickled.
    """
    needed = replace(study, data=None, final=None, tables=(), callbacks=())
    return dumps((needed, rebound(study.file)), study.name)


def _culprit(value: Any, name: str) -> str:
    """Return the name of the innermost part that cannot be pickled."""
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        broken = (part for part in _parts(value, name) if not _works(part[1]))
        name, value = next(broken, (name, value))
    return name


def _works(value: Any) -> bool:
    try:
        cloudpickle.dumps(value)
    except Exception:  # noqa: BLE001 - objects may raise any when asked for their state
        return False
    return True


def _parts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a value by name: items, attributes, and the variables of a function."""
    if isinstance(value, Mapping):
        yield from ((f"{name}[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"{name}[{n}]", part) for n, part in enumerate(value))
    elif inspect.isfunction(value):
        variables = inspect.getclosurevars(value)
        yield from {**variables.nonlocals, **variables.globals}.items()
    else:
        attributes = getattr(value, "__dict__", {})
        yield from ((f"{name}.{key}", part) for key, part in attributes.items())
