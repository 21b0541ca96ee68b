"""The example: a script with argparse, swept unchanged, whole and killed again and again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import sweep
from tests.lasting import lasting

STUDY = Path(__file__).parents[2] / "studies" / "examples" / "rings_study.py"


def start(runs: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sweep", "run", str(STUDY), "--pool", "inline", "--quiet"]
    more = ["--deterministic", "--trials", "6", "--runs", str(runs), "--retries", "9"]
    return subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL)


def test_a_script_is_swept_pruned_killed_and_continued_unchanged(tmp_path: Path) -> None:
    with start(tmp_path / "whole") as whole:
        pass
    assert whole.returncode == 0
    for wait_s in (2.5, 3.5):
        with start(tmp_path / "killed") as driver:
            time.sleep(wait_s)
            os.kill(driver.pid, signal.SIGKILL)
    with start(tmp_path / "killed") as last:
        pass
    assert last.returncode == 0
    runs = [sweep.Run(tmp_path / name / "rings") for name in ("whole", "killed")]
    assert lasting(runs[0].records) == lasting(runs[1].records)
    assert {len(record.epochs) for record in runs[0].records} >= {2, 8}
    assert (runs[1].directory.best / "checkpoint" / "rings.npz").is_file()
    assert len(STUDY.read_text().splitlines()) <= 40
