"""Short digests that show whether training code and data are still the same."""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sweep.study.code.local_modules import parsed, with_imports

LENGTH = 12
"""Hexadecimal digits of a digest: enough that no two versions of one study share them."""

MAX_FILE_BYTES = 2**22
"""Largest file that is read for its digest."""


def of_code(file: str) -> str:
    """Return a digest of a study file and of the modules in its folder that it imports.

    Comments, docstrings and layout do not count. A study without a file has an empty digest.
    """
    if not file:
        return ""
    digest = hashlib.sha256()
    for path in sorted(with_imports(Path(file))):
        tree = _stripped(path)
        digest.update(path.read_bytes() if tree is None else ast.dump(tree).encode())
    return digest.hexdigest()[:LENGTH]


def module_digest(path: Path) -> str:
    """Return a digest of one file, as `of_code` does, the same with every version of Python."""
    tree = _stripped(path)
    text = path.read_bytes() if tree is None else ast.unparse(tree).encode()
    return hashlib.sha256(text).hexdigest()[:LENGTH]


def digest_of(text: str) -> str:
    """Return a digest of a text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:LENGTH]


def digest_of_file(path: Path) -> str:
    """Return a digest of a file that a program is made of.

    That of a Python file is `of_code`; of a large file, which holds data, only the size counts.
    """
    if path.suffix == ".py":
        return of_code(str(path))
    size = path.stat().st_size
    return digest_of(path.read_bytes().hex()) if size <= MAX_FILE_BYTES else f"{size} bytes"


def of_data(data: Any) -> str:
    """Return a digest of the arrays and plain values in a study's data.

    Containers are searched at any depth. Any other object counts by its attributes or, if it has
    none, by its type.
    """
    digest = hashlib.sha256()
    for part in _parts(data):
        digest.update(part)
    return digest.hexdigest()[:LENGTH]


def _stripped(path: Path) -> ast.Module | None:
    """Return the code of a file without docstrings; None if this Python cannot parse it."""
    tree = parsed(path)
    for node in ast.walk(tree or ast.Module([], [])):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            del node.body[: ast.get_docstring(node) is not None]
    return tree


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
