"""Modules in the folder of a study: found, and carried to processes that lack their files."""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from sweep.study.code.study_module import loaded_as, run_as_module
from sweep.study.settings import overriding

INSTALLED = {"site-packages", "dist-packages"}
"""Folders that packages are installed in."""

OURS = ("sweep", "netlib")
"""Packages of this distribution, wherever it is; their versions are recorded with a run."""

NOT_IMPORTED = ("__main__", "builtins")
"""What functions of scripts and notebooks give as their module, and those made by `exec`."""


class LocalModules(MetaPathFinder):
    """Source of the modules that a study imports from its own folder; it can be pickled.

    A carried module behaves as if its file were on this machine: same name, same path in
    tracebacks. Nothing is written to disk, so no process finds files that another process or
    version left.
    """

    def __init__(self, study: str, settings: Mapping[str, object] | None = None) -> None:
        """Read the files; a study without a file has none.

        Args:
            study: The study file, if there is one.
            settings: Its settings.
        """
        files = with_imports(Path(study), packages=True) if study else set()
        self._study = Path(study)
        self._name = loaded_as(study)
        self._settings = dict(settings or {})
        self._folder = self._study.parent
        self._texts = {path: path.read_bytes() for path in files}
        self._path = sys.path

    def install(self) -> None:
        """Let this process import them, and import from the folders that the first process uses."""
        sys.path.extend(folder for folder in self._path if folder not in sys.path)
        sys.meta_path.insert(sys.meta_path.index(PathFinder), self)

    def run_study(self) -> dict[str, Any]:
        """Run the study file as a module, as it ran in the first process; return its names."""
        if not self._name:
            return {}
        loader = _Loader(str(self._study), self._texts[self._study])
        with overriding(self._settings):
            return vars(run_as_module(self._name, self._study, loader))

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the name is enough
        target: ModuleType | None = None,  # noqa: ARG002 - nothing is reloaded
    ) -> ModuleSpec | None:
        """Find one of the carried modules; see `importlib.abc.MetaPathFinder`."""
        stem = self._folder.joinpath(*name.split("."))
        for file in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")):
            if file in self._texts:
                loader = _Loader(str(file), self._texts[file])
                return spec_from_file_location(name, file, loader=loader)
        if any(stem in file.parents for file in self._texts):
            return ModuleSpec(name, None, is_package=True)
        return None


class _Loader(SourceLoader):
    def __init__(self, path: str, text: bytes) -> None:
        self._path = path
        self._text = text

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - one loader, one module
        return self._path

    def get_data(self, path: str | bytes) -> bytes:
        if path != self._path:
            raise OSError(f"{path!r}: expected the file of a carried module, got another one")
        return self._text


def with_imports(study: Path, *, packages: bool = False, folder: Path | None = None) -> set[Path]:
    """Return a study file and the files in its folder that it imports, directly or not.

    Args:
        study: The study file.
        packages: Whether to add each `__init__.py` that Python runs on the way to a module.
        folder: Where modules are, if not next to the file, which may be in a package there.
            Packages of this distribution are left out.
    """
    left_out = OURS if folder else ()
    folder = folder or study.parent
    found: set[Path] = set()
    unread = {study}
    while unread:
        path = unread.pop()
        found.add(path)
        for name in _imports(path, path.parent.relative_to(folder).parts):
            parts = name.split(".")
            if parts[0] in left_out:
                continue
            for n in range(1 if packages else len(parts), len(parts) + 1):
                stem = folder.joinpath(*parts[:n])
                modules = {stem.with_suffix(".py"), stem / "__init__.py"}
                unread |= {module for module in modules - found if module.is_file()}
    return found


def is_installed(name: str) -> bool:
    """Return whether a module is Python's own, of an installed package, or of this distribution."""
    if name in NOT_IMPORTED:
        return False
    top = name.partition(".")[0]
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    is_known = top in OURS or top in sys.stdlib_module_names
    return is_known or not INSTALLED.isdisjoint(Path(file).parts)


def own_modules(name: str) -> dict[str, Path]:
    """Return the files of a module and of those that it imports, by their names.

    Empty for modules that are installed or have no file, and for the script itself.
    """
    folder = None if name in NOT_IMPORTED or is_installed(name) else _folder_of(name)
    if folder is None:
        return {}
    stem = folder.joinpath(*name.split("."))
    files = [file for file in (stem / "__init__.py", stem.with_name(f"{stem.name}.py"))
             if file.is_file()]  # fmt: skip
    found = {file for start in files[:1] for file in with_imports(start, folder=folder)}
    return {_name_of(file.relative_to(folder)): file for file in sorted(found)}


def _folder_of(name: str) -> Path | None:
    """Return the folder in which Python finds a module; None if it is none of the user's."""
    try:
        spec = find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        spec = None
    places = [*(spec.submodule_search_locations or [spec.origin or ""])] if spec else []
    place = Path(places[0]) if places else Path()
    return place.parent if place.exists() and INSTALLED.isdisjoint(place.parts) else None


def _name_of(file: Path) -> str:
    return ".".join(part for part in file.with_suffix("").parts if part != "__init__")


def parsed(path: Path) -> ast.Module | None:
    """Return the code of a file, decoded as Python does; None if this Python cannot parse it.

    A file that is never imported may be written for another version. Python reports one that is.
    """
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return None


def _imports(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    """Yield the full names that a file in this package imports; not all of them are modules."""
    for node in ast.walk(parsed(path) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (base, *(f"{base}.{alias.name}".strip(".") for alias in node.names))
