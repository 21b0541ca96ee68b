"""Loads a study file: runs it, and returns the `Study` that it defines."""

import importlib
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from sweep.errors import StudyError, SweepError
from sweep.study.code import ray_environment
from sweep.study.code.study_module import module_name, run_as_module
from sweep.study.code.user_code import text_of, where
from sweep.study.settings import overriding
from sweep.study.study import MINIMUM, Study

PACKAGES = (
    *("click", "cloudpickle", "fsspec", "jinja2", "matplotlib", "mlflow", "msgspec", "numpy"),
    *("optuna", "optuna_dashboard", "pandas", "psutil", "psycopg", "ray", "rich", "safetensors"),
    *("sqlalchemy", "sweep", "tabulate", "tensorboard", "threadpoolctl"),
)
"""Packages that sweep imports, some of them late: no file next to a study can have these names."""

_imported: set[str] = set()
"""Names of modules that study files have imported from their own folders."""


def load_study(path: str | Path, overrides: Mapping[str, object] | None = None) -> Study:
    """Run a study file and return its `study`.

    The file can import modules in its own folder. It gets them as they are on disk now, even if an
    earlier study brought modules of the same names.

    Args:
        path: The study file.
        overrides: Changes to its settings, as given to `--set`.

    Raises:
        StudyError: If it is missing, does not parse, raises, or defines no `study`.
        OptionError: If an override names no setting, or does not parse as the setting's type.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path}: expected a study file, found none; check the path")
    _refuse_names_of_packages(path.resolve())
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


def _refuse_names_of_packages(path: Path) -> None:
    stems = [path.with_name(name) for name in PACKAGES]
    files = (file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py"))
    for file in filter(Path.is_file, files):
        name = file.relative_to(path.parent).parts[0].removesuffix(".py")
        if getattr(sys.modules.get(name), "__file__", None) != str(file):  # in a clone it is ours
            raise StudyError(
                f"{os.path.relpath(file)}: expected a name that is not the name of a package, got "
                f"{name}, which sweep imports; rename it"
            )


def _execute(path: Path) -> ModuleType:
    path = path.resolve()
    ray_environment.apply()
    try:
        with _importing_from(path.parent), _without_command_line():
            return run_as_module(module_name(path), path)
    except SweepError as error:
        raise type(error)(f"{where(error, str(path))}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise StudyError(
            f"{where(error, str(path))}: the study file raised "
            f"{type(error).__name__}: {text_of(error)}{_advice(error, path)}"
        ) from error


def _advice(error: BaseException, path: Path) -> str:
    if isinstance(error, SystemExit):
        return "; declare what varies with sweep.settings, and change it with --set"
    if isinstance(error, ImportError) and "relative import" in str(error):
        package = path.parent.name
        return (
            f"; a study file belongs to no package: put a file next to the folder {package}, with "
            f"the line `from {package}.{path.stem} import study`, and run that one"
        )
    return ""


@contextmanager
def _without_command_line() -> Iterator[None]:
    """Let a study file that reads the command line fail without argparse's advice about ours."""

    def error(_: ArgumentParser, message: str) -> NoReturn:
        raise SystemExit(message)

    original = ArgumentParser.error
    ArgumentParser.error = error  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        ArgumentParser.error = original  # type: ignore[method-assign]


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let modules in this folder be imported, each of them run again inside this context.

    Afterwards it is at the end of the import path: what libraries import later is not taken from
    it.
    """
    local = [str(folder), *(path for path in sys.path if path == str(Path.cwd()))]
    sys.path[:] = [*local, *(path for path in sys.path if path not in local)]
    while _imported:
        sys.modules.pop(_imported.pop(), None)
    importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        yield
    finally:
        _imported.update(name for name in set(sys.modules) - before if _is_in(folder, name))
        sys.path[:] = [*(path for path in sys.path if path not in local), *local]


def _is_in(folder: Path, name: str) -> bool:
    stem = folder.joinpath(*name.split("."))
    origin = getattr(getattr(sys.modules[name], "__spec__", None), "origin", None)
    return origin in (f"{stem}.py", str(stem / "__init__.py"))
