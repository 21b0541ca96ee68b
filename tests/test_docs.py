"""What the documents name exists; tests/test_readme.py types the commands of the README."""

import re
from pathlib import Path

import click
import pytest

from sweep.cli.main import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    ROOT / "studies" / "results" / "README.md",
]


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    found = re.findall(r"python -m sweep ([a-z]+)((?: [^`\n|&]+)?)", text)
    assert len(found) >= 7
    for name, rest in found:
        command = cli.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_every_option_in_the_documents_belongs_to_a_command() -> None:
    known = {
        option
        for command in cli.commands.values()
        for parameter in command.params
        for option in parameter.opts
    }
    mentioned = set(re.findall(r"`(--[a-z-]+)", README))
    assert mentioned <= known


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_and_option_has_help(name: str) -> None:
    command = cli.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or isinstance(parameter.type, click.Choice), parameter.name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target
