from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sweep.study.code import fingerprint

STUDY = """
import numpy as np
from layers import Layer
import package.deep

def train(x):
    return Layer(x)
"""


@dataclass
class Pair:
    images: Any
    n_classes: int


class Opaque:
    __slots__ = ()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text("import units\n\nclass Layer: ...\n")
    (tmp_path / "units.py").write_text("import layers\nSIZE = 3\n")
    (tmp_path / "other.py").write_text("SIZE = 3\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("from package import deep\n")
    (package / "deep.py").write_text("from . import near\nfrom .nearer import SIZE\n")
    (package / "near.py").write_text("SIZE = 3\n")
    (package / "nearer.py").write_text("SIZE = 3\n")
    path = tmp_path / "study.py"
    path.write_text(STUDY)
    return path


def test_a_study_without_a_file_has_no_code() -> None:
    assert fingerprint.of_code("") == ""


@pytest.mark.parametrize(
    ("name", "before", "after", "differs"),
    [
        ("study.py", "Layer(x)", "Layer(x) # a comment", False),
        ("study.py", "def train(x):\n", 'def train(x):\n    """A docstring."""\n', False),
        ("study.py", "Layer(x)", "Layer(x + 1)", True),
        ("layers.py", "...", "size = 1", True),
        ("units.py", "3", "4", True),
        ("other.py", "3", "4", False),
        ("package/__init__.py", "deep", "deep as sea", True),
        ("package/deep.py", "SIZE", "SIZE as size", True),
        ("package/near.py", "3", "4", True),
        ("package/nearer.py", "3", "4", True),
    ],
)
def test_what_code_does_counts(
    study: Path, name: str, before: str, after: str, *, differs: bool
) -> None:
    first = fingerprint.of_code(str(study))
    changed = study.parent / name
    changed.write_text(changed.read_text().replace(before, after))
    assert (fingerprint.of_code(str(study)) != first) is differs


IMAGES = np.arange(12, dtype=np.uint8).reshape(3, 4)

DATA: list[Any] = [
    None,
    1,
    1.0,
    "1",
    [1, 2],
    (1, 2),
    [[1], 2],
    {"a": 1},
    {"b": 1},
    IMAGES,
    IMAGES.reshape(4, 3),
    IMAGES.astype(np.int8),
    IMAGES + 1,
    (IMAGES, None),
    Pair(IMAGES, 10),
    Pair(IMAGES, 11),
    Pair(IMAGES + 1, 10),
    pd.DataFrame({"x": [1, 2]}),
    pd.DataFrame({"x": [1, 3]}),
    pd.DataFrame({"x": ["a", "b"]}),
    Opaque(),
]


def test_data_that_differ_have_different_fingerprints() -> None:
    assert len({fingerprint.of_data(data) for data in DATA}) == len(DATA)


def test_equal_data_have_equal_fingerprints() -> None:
    assert fingerprint.of_data(Pair(IMAGES, 10)) == fingerprint.of_data(Pair(IMAGES.copy(), 10))
    strided = np.repeat(IMAGES, 2, axis=1)[:, ::2]
    assert fingerprint.of_data(strided) == fingerprint.of_data(IMAGES)
    assert fingerprint.of_data(Opaque()) == fingerprint.of_data(Opaque())


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-", "latin-1"),
        ("#!/bin/python\n# vim: set fileencoding=cp1252 :", "cp1252"),
    ],
)
def test_a_file_is_read_in_the_encoding_that_it_declares(
    study: Path, head: str, encoding: str
) -> None:
    study.write_text(f"{head}\nUNIT = 'µm'\r\nimport layers\n", encoding)
    read = fingerprint.of_code(str(study))
    study.write_text("UNIT = 'µm'\nimport layers\n", "utf-8")
    assert read == fingerprint.of_code(str(study))
    (study.parent / "layers.py").write_text("import units, more\n")
    assert read != fingerprint.of_code(str(study))


@pytest.mark.parametrize("text", [b"print 'old'\n", b"\xff = 1\n", b"# coding: klingon\n", b"\0"])
def test_a_module_that_does_not_parse_counts_as_it_is(study: Path, text: bytes) -> None:
    first = fingerprint.of_code(str(study))
    (study.parent / "units.py").write_bytes(text)
    second = fingerprint.of_code(str(study))
    (study.parent / "units.py").write_bytes(text + b"\n")
    assert len({first, second, fingerprint.of_code(str(study))}) == 3
