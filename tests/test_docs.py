"""What the documents say can be typed, and is true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

import netlib as nl
from netlib.__main__ import main as netlib_command
from sweep.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    ROOT / "studies" / "results" / "README.md",
]


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_two_commands_stand_alone_on_a_line_each() -> None:
    commands = [line for block in code_blocks("sh") for line in block.splitlines()]
    assert [line for line in commands if "venv" in line] == [
        "python3 -m venv .venv && .venv/bin/pip install -e . "
        "&& .venv/bin/python -m sweep run studies/cnn.py",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest",
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


def test_the_study_of_the_readme_runs(tmp_path: Path) -> None:
    study = next(block for block in code_blocks("python") if "study = sweep.Study" in block)
    (tmp_path / "parabola.py").write_text(study)
    command = [sys.executable, "-m", "sweep", "run", "parabola.py", "--pool", "inline"]
    answer = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "all 20 trials are done: runs/parabola/report.html" in answer.stdout


def test_the_network_of_the_readme_trains() -> None:
    text = next(block for block in code_blocks("python") if "nl.fit" in block)
    quick = text.replace('nl.mnist("train").split', 'nl.mnist("train").take(600).split')
    quick = quick.replace("10_000", "100").replace("epochs=4", "epochs=1")
    assert quick.count("take(600)") == 1
    lines: list[dict[str, float]] = []
    exec(quick.replace("print(epoch.number, ", "lines.append("), {"lines": lines})
    assert len(lines) == 1


def test_what_the_readme_does_with_the_best_network_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = re.findall(r"^python -m netlib (.*)", README, re.MULTILINE)
    model = tmp_path / "runs" / "cnn" / "best" / "weights.safetensors"
    model.parent.mkdir(parents=True)
    network = nl.Sequential(nl.Flatten(), nl.Dense(10))
    network.build((28, 28, 1), np.random.default_rng(0))
    nl.save_model(network, model)
    Image.fromarray(nl.mnist("test").images[0, ..., 0]).save(tmp_path / "seven.png")
    monkeypatch.chdir(tmp_path)
    assert [netlib_command(shlex.split(command)) for command in commands] == [0, 0, 0]
    assert capsys.readouterr().out.startswith("seven.png: ")
    written = {path.name for path in tmp_path.iterdir()} - {"runs", "seven.png"}
    assert written == {"digits.onnx", "digits.py", "digits.safetensors"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target
