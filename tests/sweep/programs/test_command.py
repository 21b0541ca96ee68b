import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.driver.verify.dry_run import probe
from sweep.programs.command import filled, in_text, located, with_values

VALUES: dict[str, Any] = {
    "lr": 1e-05, "n": 3, "flag": True, "off": False, "none": None, "opt": "adam", "list": [1, 2],
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("--lr={lr}", "--lr=1e-05"),
        ("--lr={lr:.3f}", "--lr=0.000"),
        ("{n}x{opt}", "3xadam"),
        ("{flag}", "true"),
        ("{flag:True|False}", "True"),
        ("{off:--on|--off}", "--off"),
        ("{{n}}", "{n}"),
        ("{list}", "[1, 2]"),
    ],
)
def test_templates_hold_values_as_programs_read_them(template: str, text: str) -> None:
    assert with_values(template, VALUES) == text


def test_floats_survive_to_the_last_bit() -> None:
    assert float(in_text(0.1 + 0.2)) == 0.1 + 0.2


def test_words_without_a_value_are_left_out() -> None:
    command = ["p", "--a={none}", "{off:--on}", "{flag:--on}", "-{none}-{n}"]
    assert filled(command, VALUES, VALUES) == ["p", "--on", "--3"]


def test_all_parameters_without_a_placeholder_become_options() -> None:
    words = filled(["p", "{lr}", "{parameters}"], VALUES, VALUES)
    assert words == [
        *("p", "1e-05", "--n=3", "--flag=true", "--off=false", "--opt=adam", "--list=[1, 2]")
    ]


def test_python_is_the_one_that_runs_sweep_and_others_are_found(tmp_path: Path) -> None:
    assert located(["python", "-c", ""], tmp_path)[0] == sys.executable
    assert located(["sh", "-c", ""], tmp_path)[0].endswith("/sh")
    own = tmp_path / "own"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert located(["own"], tmp_path) == [str(own)]


PROGRAM = Callable[[], object]
OK = ["python", "-c", "{x}"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sweep.program("python train.py"), 'expected a list of words, such as ["python"'),  # type: ignore[arg-type]
        (lambda: sweep.program([]), "expected a list of words"),
        (lambda: sweep.program(["a", "{x"]), "expected words with placeholders like {learning"),
        (lambda: sweep.program(OK, metrics="yaml"), "expected metrics to be 'json', 'pairs', a"),
        (lambda: sweep.program(OK, metrics=5), "expected metrics to be"),  # type: ignore[arg-type]
        (lambda: sweep.program(OK, metrics="(?P<loss>"), "expected metrics to be a regular exp"),
        (lambda: sweep.program(OK, epoch_ends="("), "expected epoch_ends to be a regular expr"),
        (lambda: sweep.program(OK, environment="all"), "expected environment to be a dictionary"),
        (lambda: sweep.program(OK, environment={"A": 1}), "expected environment to be a dict"),  # type: ignore[dict-item]
        (lambda: sweep.program(OK, runs_in="home"), "runs_in to be 'study' or 'checkpoints', got"),
        (lambda: sweep.program(OK, resumes="no"), "expected resumes to be True or False"),  # type: ignore[arg-type]
        (lambda: sweep.program(OK, checkpoint_limit="big"), "checkpoint_limit to be a size like"),
        (lambda: sweep.program(OK, grace_seconds=-1), "expected grace_seconds to be a number >="),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_told(make: PROGRAM, message: str) -> None:
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        make()


def study(*words: str, **of_program: Any) -> sweep.Study:
    def space(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", -1, 1)}

    program = sweep.program(words, **of_program)
    return sweep.Study(name="toy", space=space, minimize="loss", train=program)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sh", "-c", "{y}"), "expected a parameter for {y}, got ['x']; add it in space, or"),
        (("sh", "-c", "{0}"), "expected a parameter for {0}"),
        (("sh", "-c", "{x:zz}"), "expected formats of placeholders that suit their values"),
        (("no-such-program",), "called 'no-such-program' in"),
        (("./plain",), "got a file that is not executable; chmod +x ./plain"),
        (("sh", "no.sh"), "expected the file 'no.sh' in"),
    ],
)
def test_what_can_be_known_is_known_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("")
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        probe(study(*words))
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        sweep.run(study(*words), sweep.Options(pool="inline"), progress=False)
    assert not (tmp_path / "runs").exists()


def test_a_regular_expression_needs_the_metrics_of_the_study() -> None:
    with pytest.raises(sweep.StudyError, match=r"with the metric 'loss', got the groups \['acc'\]"):
        study("sh", metrics=r"acc (?P<acc>\S+)")


def test_the_program_and_its_own_files_belong_to_the_identity_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "train.sh"
    script.write_text("echo '{\"loss\": 1}'")
    options = sweep.Options(pool="inline")
    assert sweep.run(study("sh", "train.sh"), options, progress=False).best
    script.write_text("echo '{\"loss\": 2}'")
    with pytest.raises(sweep.RunError, match=r"got changes: program .*'train.sh'"):
        sweep.run(study("sh", "train.sh"), options, progress=False)
