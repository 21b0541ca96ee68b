"""What the documents name exists; tests/test_readme.py types the commands of the README."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from tests.commands import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    ROOT / "studies" / "results" / "README.md",
]


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    found = re.findall(r"python -m sweep ([a-z]+)((?: [^`\n|&]+)?)", text)
    assert len(found) >= 7
    for name, rest in found:
        command = COMMANDS[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_every_option_in_the_documents_belongs_to_a_command() -> None:
    known = {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in parameter.opts
    }
    mentioned = set(re.findall(r"`(--[a-z-]+)", README))
    assert mentioned <= known


def test_every_command_is_in_the_readme() -> None:
    for name in COMMANDS:
        assert f"| `python -m sweep {name}" in README


def test_every_logger_is_in_the_readme_and_has_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for path in (ROOT / "sweep" / "loggers").glob("[a-z]*.py"):
        assert f"`sweep.loggers.{path.stem}." in README
        is_alone = path.stem not in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.M)
        assert is_alone or path.stem in project["optional-dependencies"]


def test_what_contributing_says_of_adding_something_exists() -> None:
    rows = re.findall(r"^\| a (?:.*?)\|(.*)\|(.*)\|(.*)\|$", CONTRIBUTING, re.MULTILINE)
    assert len(rows) == 8
    for write, then, fails in rows:
        (model,) = re.findall(r"like `(.*?)`", write)
        assert (ROOT / model).is_file()
        for path in re.findall(r"`([\w/]+\.\w+)`", then):
            assert (ROOT / path).is_file(), path
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", fails)
        assert tests
        for file, test in tests:
            assert f"def {test}(" in (ROOT / file).read_text(), test


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or isinstance(parameter.type, click.Choice), parameter.name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target
