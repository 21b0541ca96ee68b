"""The command line of netlib, as it is typed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netlib as nl
from netlib.__main__ import main


@pytest.fixture
def model(trained: nl.Sequential, tmp_path: Path) -> str:
    nl.save_model(trained, tmp_path / "model.safetensors")
    return str(tmp_path / "model.safetensors")


@pytest.fixture
def seven(tmp_path: Path) -> str:
    """Write the first test image of MNIST, a seven, as a picture."""
    Image.fromarray(nl.mnist("test").images[0, ..., 0]).save(tmp_path / "seven.png")
    return str(tmp_path / "seven.png")


def test_predict_prints_the_digit_what_it_saw_and_all_probabilities(
    model: str, seven: str, trained: nl.Sequential, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", model, seven]) == 0
    first, *picture, last, empty = capsys.readouterr().out.splitlines()
    percent = 100 * nl.softmax(trained.predict(nl.mnist("test").images[:1]))[0]
    assert first == f"{seven}: 7 ({percent[7]:.1f} %)"
    assert len(picture) == 14
    assert "@@" in "".join(picture)
    assert last == "  ".join(f"{i}: {share:.1f} %" for i, share in enumerate(percent))
    assert empty == ""


def test_a_picture_that_cannot_be_read_does_not_hide_the_others(
    model: str, seven: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", model, "nowhere.png", seven]) == 2
    captured = capsys.readouterr()
    assert captured.err == ("error: nowhere.png: expected a picture, got no file; check the path\n")
    assert captured.out.startswith(f"{seven}: 7 (")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", "nowhere: expected a file, got none; check the path"),
        (".", "got 'Is a directory'; check the path"),
        ("seven.png", "seven.png: expected a safetensors file, got a damaged one"),
    ],
)
def test_a_model_that_cannot_be_read_is_one_line(
    name: str, words: str, seven: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(tmp_path / name), seven]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_a_network_for_other_inputs_is_one_line(
    seven: str, tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    network = nl.Sequential(nl.Dense(10))
    network.build((784,), rng)
    nl.save_model(network, tmp_path / "dense")
    assert main(["predict", str(tmp_path / "dense"), seven, seven]) == 2
    assert capsys.readouterr().err.count("expected a network for grey images") == 1


def test_export_prints_what_it_has_written_and_writes_nothing_over(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = str(tmp_path / "digits.py")
    assert main(["export", model, module]) == 0
    assert capsys.readouterr().out == f"{module}\n{tmp_path / 'digits.safetensors'}\n"
    assert main(["export", model, module]) == 2
    assert "digits.py: expected a new file that can be written" in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_error(model: str, seven: str) -> None:
    command = [sys.executable, "-m", "netlib", "predict", model, *[seven] * 200]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
