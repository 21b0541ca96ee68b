"""Calls to the functions of a study; their errors name the place in the study file."""

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sweep.errors import StudyError, SweepError
from sweep.text import printable

if TYPE_CHECKING:
    from sweep.study.study import Study

Train = Callable[..., Iterable[Any]]
"""train(config, data, seed, state) yields an `Epoch`, or a dictionary of metrics, per epoch."""


@runtime_checkable
class ForStudies(Protocol):
    """A `train` that looks at its study, as programs do."""

    def for_study(self, study: "Study") -> Train:
        """Return the `train` to use in a study."""

    def check(self, config: object) -> None:
        """Check a configuration before anything is started or written."""

    def recorded(self) -> dict[str, Any]:
        """Return what a run records of it, as JSON values."""


def train_for(study: "Study") -> Train:
    """Return a study's `train`, as the study needs it."""
    return study.train.for_study(study) if isinstance(study.train, ForStudies) else study.train


def where(error: BaseException, file: str) -> str:
    """Return the place in `file` that raised, as file:line; without a line if it is elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == file), None)
    name = os.path.relpath(file)
    return f"{name}:{line}" if line else name


def guarded(name: str, call: Callable[[], Any], study: "Study") -> Any:
    """Call one of the study's functions and return its result.

    Args:
        name: Name of the function, for the error message.
        call: The call.
        study: The study that the function belongs to.

    Raises:
        StudyError: If the call raises anything but KeyboardInterrupt.
    """
    try:
        return call()
    except (SweepError, KeyboardInterrupt):
        raise
    except BaseException as error:
        function: Any = study.space
        while isinstance(function, partial):  # it would be placed in Python's functools.py
            function = function.func
        file = getattr(sys.modules.get(function.__module__), "__file__", None)
        place = f"{where(error, file)}: " if file else ""
        what = f"{type(error).__name__}: {text_of(error)}"
        raise StudyError(f"{place}{name}() raised {what}") from error


def text_of(error: BaseException) -> str:
    """Return what an exception says; it may be of a class whose `__str__` raises."""
    try:
        return printable(str(error))
    except BaseException:  # noqa: BLE001 - it is the user's code
        return "(its text cannot be shown: its __str__ raises)"
