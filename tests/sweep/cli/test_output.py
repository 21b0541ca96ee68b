"""Where commands print, when that cannot be written, is closed, or takes few characters."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.cli.main import main

FULL = "error: standard output: No space left on device. Fix that and run again; no finished work "
NAME = '"x": trial.suggest_categorical("x", ("caf\\u00e9",))'


@pytest.fixture
def study(study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    path = study_file(('"x": trial.suggest_float("x", -1, 1)', NAME), ('config["x"] ** 2', "0"))
    monkeypatch.chdir(path.parent)
    return path


def shell(words: str, rest: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m sweep {words} {rest}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(
        ["bash", "-c", command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


RUN = "run toy.py --pool inline --trials 2"


@pytest.mark.parametrize(
    ("command", "unbuffered"), [(RUN, ""), (RUN, "1"), ("export toy --format parquet", "")]
)
def test_a_full_disk_behind_standard_output_is_told_in_a_line_and_the_run_resumes(
    study: Path, command: str, unbuffered: str
) -> None:
    if command != RUN:
        assert main([*RUN.split(), "--quiet"]) == 0
    answer = shell(command, "> /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert answer.stderr == f"{FULL}is lost\n"
    assert answer.returncode == 2
    assert main([*RUN.split(), "--quiet"]) == 0
    assert study.with_name("runs").joinpath("toy/report.html").is_file()


@pytest.mark.parametrize(
    ("rest", "code"), [("| true", 1), (">&- 2>&-", 0), ("2> /dev/full > /dev/full", 2)]
)
def test_commands_whose_output_nobody_reads_are_silent(study: Path, rest: str, code: int) -> None:
    assert main([*RUN.split(), "--quiet"]) == 0
    answer = shell("status toy", rest)
    assert answer.stderr == ""
    assert answer.returncode == code
    assert study.with_name("runs").is_dir()


def test_characters_that_the_terminal_lacks_are_escaped(study: Path) -> None:
    answer = shell(RUN, PYTHONIOENCODING="ascii")
    assert answer.returncode == 0
    assert r"x=caf\xe9" in answer.stdout
    assert study.with_name("runs").joinpath("toy/report.html").is_file()


def test_what_the_system_refuses_is_told_with_its_file(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "somewhere")

    monkeypatch.setattr("sweep.cli.run.run_study", refuse)
    assert main(RUN.split()) == 2
    assert capsys.readouterr().err == (
        "error: somewhere: Permission denied. Fix that and run again; no finished work is lost\n"
    )
    assert study.is_file()


def test_a_bug_keeps_its_traceback_and_says_that_it_is_one(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweep.cli.run.run_study", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(RUN.split())
    assert capsys.readouterr().err == "this is a bug in sweep; please report it with what follows\n"
    assert study.is_file()
