"""This file turns the path of a study file into a Study."""

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from sweep.errors import StudyError, SweepError
from sweep.settings import overriding
from sweep.study import MINIMUM, Study

MODULE_PREFIX = "study_file_"
"""Modules named so were loaded from a path; no other process can import them by name."""


def load_study(path: str | Path, overrides: Mapping[str, str] | None = None) -> Study:
    """Runs a study file and returns its `study`.

    Modules beside the file can be imported by it.

    Args:
        path: The study file.
        overrides: Changes to its settings, as given to `--set`.

    Raises:
        StudyError: If it is missing, does not parse, raises, or defines no `study`.
        OptionError: If an override is not one of its settings, or of another type.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path}: expected a study file, found none; check the path")
    with overriding(overrides or {}) as settings:
        module = _execute(path)
    study = getattr(module, "study", None)
    if study is None:
        raise StudyError(f"{path}: expected an attribute `study`, found none; at least:\n{MINIMUM}")
    if not isinstance(study, Study):
        raise StudyError(
            f"{path}: expected `study` to be a sweep.Study, got {type(study).__name__}; "
            f"at least:\n{MINIMUM}"
        )
    return replace(study, settings=settings)


def where(error: BaseException, path: str | Path) -> str:
    """The place in the file that raised, as path:line; the file alone if it is not on the way."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _execute(path: Path) -> ModuleType:
    name = MODULE_PREFIX + path.stem
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise StudyError(f"{path}: expected a Python file, got another kind; name it *.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except SweepError as error:
        raise type(error)(f"{where(error, path.resolve())}: {error}") from error
    except Exception as error:
        raise StudyError(
            f"{where(error, path.resolve())}: expected the study file to run, got "
            f"{type(error).__name__}: {error}; mend that line"
        ) from error
    return module
