"""The package as a whole: what it exports, imports and how large its files are."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import netlib as nl

FILES = sorted(Path(nl.__file__).parent.rglob("*.py"))
by_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def test_the_example_of_the_package_runs(tmp_path, monkeypatch, capsys):
    example = textwrap.dedent(nl.__doc__.partition("\n\n")[2].rpartition("\n\n")[0])
    short = example.replace('mnist("train")', 'mnist("train").take(300)').replace("5000", "100")
    monkeypatch.chdir(tmp_path)
    exec(short, {})
    assert [line[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "3"]
    assert "0.weight" in nl.load_weights("network.safetensors")


EXTRA = {"digit_images.py": {"PIL"}, "drawing.py": {"PIL"}, "onnx_file.py": {"onnx"}}


@by_file
def test_only_numpy_safetensors_and_the_standard_library_are_imported(path):
    allowed = {"numpy", "safetensors", "netlib", *sys.stdlib_module_names}
    allowed |= EXTRA.get(path.name, set())
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        if isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] in allowed


def test_networks_alone_need_neither_pillow_nor_onnx():
    code = "import netlib, sys; print({'PIL', 'onnx'} & sys.modules.keys())"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout == "set()\n"


@by_file
def test_files_stay_small(path):
    limit = 120 if path.parent.name == "layers" and path.name != "sequential.py" else 200
    assert len(path.read_text().splitlines()) <= limit


def test_every_error_is_a_builtin_error_too():
    for error in (nl.ShapeError, nl.ConfigError, nl.StateError, nl.DataError):
        assert issubclass(error, nl.NetlibError)
        assert issubclass(error, ValueError)
    assert issubclass(nl.NotBuiltError, RuntimeError)
    assert issubclass(nl.DataNotFoundError, (nl.DataError, FileNotFoundError))
