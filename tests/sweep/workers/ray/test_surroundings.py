"""Ray in surroundings that its own programs do not expect: long paths, and modules of odd names."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sweep

pytestmark = pytest.mark.ray


def run(study: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sweep", "run", study.name, "--slots", "1", "--trials", "2"],
        cwd=study.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_long_path_for_temporary_files_and_modules_named_like_others_do_no_harm(
    study_file: Callable[..., Path], tmp_path: Path
) -> None:
    study = study_file()
    for name in ("random", "attr", "packaging", "colorsys"):
        study.with_name(f"{name}.py").write_text("raise OSError('not this one')\n")
    folder = tmp_path / (60 * "t")
    folder.mkdir()
    answer = run(study, TMPDIR=str(folder))
    assert answer.stderr == ""
    assert answer.returncode == 0
    assert len(sweep.Run(tmp_path / "runs" / "toy").records) == 2


def test_a_folder_for_temporary_files_that_cannot_be_used_is_refused_in_a_line(
    study_file: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    answer = run(study_file(), RAY_TMPDIR=str(tmp_path / "file"))
    assert answer.stderr.startswith("error: --pool ray: Ray does not start on this machine: ")
    assert "(RAY_TMPDIR, else TMPDIR, else /tmp), or use --pool inline\n" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.returncode == 2
    assert list(tmp_path.glob("runs/*")) == []
