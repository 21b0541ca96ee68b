"""The rules of the house that no linter knows."""

import ast
import io
import re
import tokenize
from importlib import import_module
from pathlib import Path

import pytest

import netlib
import sweep

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for name in ("sweep", "netlib", "studies") for path in ROOT.glob(f"{name}/**/*.py")
)
STUDIES = sorted(ROOT.glob("studies/*.py"))
MAX_LINES = 225
MAX_FUNCTION_LINES = 40
MAX_MODULES = 14
ROOMS = sorted({path.parent for path in SOURCES})
BANNED = re.compile(
    r"\"\"\"This (file|module)\b|\bmend(s|ed|ing)?\b|\bin words\b|\breckon|\banew\b|\bgo(es)? on\b"
    r"|\bso (long|many|often)\b|\bat work\b|\bis of (no|some) use\b|\blets? go of\b",
    re.IGNORECASE,
)
"""Words that read as if translated; CONTRIBUTING.md says what to write instead."""

PROSE = sorted(
    path
    for pattern in ("*.md", "docker/*", "studies/**/*.md", "tests/*/README.md")
    for path in ROOT.glob(pattern)
    if path.is_file()
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose_of(path: Path) -> str:
    """The words of a document; of Python code its strings and comments."""
    text = path.read_text()
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    kinds = (tokenize.STRING, tokenize.COMMENT)
    return "\n".join(token.string for token in tokens if token.type in kinds)


@pytest.mark.parametrize("package", [sweep, netlib], ids=lambda package: package.__name__)
def test_public_names_are_sorted_and_complete(package: object) -> None:
    tree = ast.parse(Path(str(package.__file__)).read_text())  # type: ignore[attr-defined]
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{package.__name__}.")  # type: ignore[attr-defined]
        for alias in node.names
        for name in (
            import_module(str(node.module)).__all__
            if alias.name == "*"
            else [alias.asname or alias.name]
        )
    }
    listed = package.__all__  # type: ignore[attr-defined]
    assert sorted(imported) == sorted(listed)
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_stay_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("room", ROOMS, ids=name)
def test_rooms_stay_small(room: Path) -> None:
    modules = [path.name for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_MODULES


@pytest.mark.parametrize("path", [*SOURCES, *PROSE], ids=name)
def test_words_are_plain_english(path: Path) -> None:
    text = prose_of(path)
    if path.name == "CONTRIBUTING.md":  # has worse words next to better ones
        text = re.sub(r"^\| \".*", "", text, flags=re.MULTILINE)
    found = [match[0] for match in BANNED.finditer(text)]
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = (node.end_lineno or 0) - node.lineno - docstring.count("\n")
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", [*SOURCES, *STUDIES], ids=name)
def test_nothing_imports_a_study(path: Path) -> None:
    studies = {study.stem for study in STUDIES} | {"studies"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & studies
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.module.split(".")[0] not in studies


def test_every_study_loads() -> None:
    for path in STUDIES:
        assert sweep.load_study(path).name == path.stem
