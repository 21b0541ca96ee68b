"""Doc."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from sweep.errors import StudyError, SweepError
from sweep.study.study import Study


def where(error: BaseException, file: str) -> str:
    """The place in a file that raised, as file:line; the file alone if it is not on the way."""
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == file), None)
    name = os.path.relpath(file)
    return f"{name}:{line}" if line else name


def guarded(what: str, call: Callable[[], Any], study: Study) -> Any:
    """The result of a function of the study; whatever it raises is the study's to mend.

    Raises:
        StudyError: If it raises anything.
    """
    try:
        return call()
    except SweepError:
        raise
    except Exception as error:
        file = getattr(sys.modules.get(study.space.__module__), "__file__", None)
        place = f"{where(error, file)}: " if file else ""
        raise StudyError(
            f"{place}{what}: expected no exception, got {type(error).__name__}: {error}; mend it"
        ) from error
