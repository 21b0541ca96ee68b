"""This file tells by a few letters whether training code and data are still what they were."""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

LENGTH = 12
"""Hexadecimal digits: enough that no two versions of one study share them."""


def of_code(file: str) -> str:
    """A digest of what a study file does, and the modules in its folder that it imports.

    Comments, docstrings and layout do not count. Empty for a study without a file.
    """
    if not file:
        return ""
    digest = hashlib.sha256()
    for path in sorted(_with_imports(Path(file))):
        digest.update(_stripped(path).encode())
    return digest.hexdigest()[:LENGTH]


def of_data(data: Any) -> str:
    """A digest of the arrays and plain values in a study's data, in whatever holds them.

    Of an object that is neither, what its attributes hold counts; of one without, its type.
    """
    digest = hashlib.sha256()
    for part in _parts(data):
        digest.update(part)
    return digest.hexdigest()[:LENGTH]


def _with_imports(study: Path) -> set[Path]:
    """A study file, and those in its folder that it imports, directly or not."""
    found: set[Path] = set()
    unread = {study}
    while unread:
        path = unread.pop()
        found.add(path)
        for name in _imports(path, path.parent.relative_to(study.parent).parts):
            stem = study.parent.joinpath(*name.split("."))
            modules = {stem.with_suffix(".py"), stem / "__init__.py"}
            unread |= {module for module in modules - found if module.is_file()}
    return found


def _imports(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    """The names that a file in this package imports, in full; some may be no modules."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (base, *(f"{base}.{alias.name}".strip(".") for alias in node.names))


def _stripped(path: Path) -> str:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            del node.body[: ast.get_docstring(node) is not None]
    return ast.dump(tree)


def _parts(node: Any) -> Iterator[bytes]:
    yield type(node).__name__.encode()
    if hasattr(node, "__array__"):
        array = np.asarray(node)
        yield f"{array.dtype} {array.shape}".encode()
        is_plain = not array.dtype.hasobject
        yield array.tobytes() if is_plain else repr(array.tolist()).encode()
    elif isinstance(node, Mapping):
        for key in node:
            yield repr(key).encode()
            yield from _parts(node[key])
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _parts(item)
    elif node is None or isinstance(node, str | bytes | int | float):
        yield repr(node).encode()
    else:
        yield from _parts(getattr(node, "__dict__", {}))
