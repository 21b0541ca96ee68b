"""A study file as a module, under the same name in the driver and in its slots."""

import sys
from importlib.abc import Loader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

PREFIX = "study_file_"
"""Prefix of the names of modules whose file is named like a module of Python."""

_loaded: dict[str, tuple[str, dict[str, Any]]] = {}
"""By file, the name of its module, and what each name at its top meant when it had run."""

_running: list[str] = []
"""Names of the study files that are being run now."""


def module_name(path: Path) -> str:
    """Return the name of a study file's module.

    It is the file's own, so that processes which a training starts can import it.
    """
    stem = path.stem
    is_taken = stem in sys.stdlib_module_names or stem in sys.modules
    return PREFIX + stem if is_taken else stem


def run_as_module(name: str, path: Path, loader: Loader | None = None) -> ModuleType:
    """Run a study file and return its module.

    Args:
        name: Name of the module.
        path: The file.
        loader: Gives its text where the file itself may be missing.

    Raises:
        ImportError: If it is not a Python file.
    """
    spec = spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: expected a Python file, got another kind; name it *.py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    _running.append(name)
    try:
        spec.loader.exec_module(module)
    finally:
        _running.pop()
    _loaded[str(path)] = name, dict(vars(module))
    return module


def is_loading() -> bool:
    """Return whether a study file is being run now, to find its study."""
    return bool(_running)


def loaded_as(file: str) -> str:
    """Return the name of a study file's module in this process; "" if the file was not loaded."""
    name, _ = _loaded.get(file, ("", {}))
    return name if name in sys.modules else ""


def rebound(file: str) -> dict[str, Any]:
    """Return the names at the top of a study file that were bound again since it ran.

    `data` may have set them, in the one process that calls it.
    """
    name, before = _loaded.get(file, ("", {}))
    now = vars(sys.modules[name]) if name in sys.modules else {}
    return {key: now[key] for key in now if key not in before or now[key] is not before[key]}
