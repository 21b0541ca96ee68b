"""This file turns the path of a study file into a Study."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from sweep.errors import StudyError, SweepError
from sweep.study import ray_environment as ray_settings
from sweep.study.settings import overriding
from sweep.study.study import MINIMUM, Study
from sweep.study.user_code import where

MODULE_PREFIX = "study_file_"
"""Modules named so were loaded from a path; no other process can import them by name."""


_brought: set[str] = set()
"""Names of modules that study files have imported from their own folders."""


def load_study(path: str | Path, overrides: Mapping[str, str] | None = None) -> Study:
    """Runs a study file and returns its `study`.

    It can import the modules beside it, and gets them as they are on disk, whatever modules of
    the same names another study has brought along before.

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
    return replace(study, file=str(path.resolve()), settings=settings)


def _execute(path: Path) -> ModuleType:
    name = MODULE_PREFIX + path.stem
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise StudyError(f"{path}: expected a Python file, got another kind; name it *.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    ray_settings.apply()
    try:
        with _importing_from(path.resolve().parent):
            spec.loader.exec_module(module)
    except SweepError as error:
        raise type(error)(f"{where(error, str(path.resolve()))}: {error}") from error
    except Exception as error:
        raise StudyError(
            f"{where(error, str(path.resolve()))}: expected the study file to run, got "
            f"{type(error).__name__}: {error}; mend that line"
        ) from error
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Modules in this folder can be imported, and are run anew inside this context."""
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    while _brought:
        sys.modules.pop(_brought.pop(), None)
    importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        yield
    finally:
        _brought.update(name for name in set(sys.modules) - before if _is_in(folder, name))


def _is_in(folder: Path, name: str) -> bool:
    stem = folder.joinpath(*name.split("."))
    origin = getattr(getattr(sys.modules[name], "__spec__", None), "origin", None)
    return origin in (f"{stem}.py", str(stem / "__init__.py"))
