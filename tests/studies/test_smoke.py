"""The smoke study, whole and killed again and again: the same bytes in the end."""

import signal
import subprocess
import sys
from pathlib import Path

import netlib as nl
import sweep

STUDY = Path(__file__).parents[2] / "studies" / "smoke.py"

DIES_AFTER = """
import os, signal, sys
from sweep.cli.main import main
from sweep.driver.attempts import Attempts
from sweep.workers import keeping, session

session.REPORT_SECONDS = keeping.CHECKPOINT_SECONDS = 0.0
left = int(sys.argv.pop(1))
add_epochs = Attempts.add_epochs

def counted(*arguments):
    global left
    left -= 1
    done = add_epochs(*arguments)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

Attempts.add_epochs = counted
sys.exit(main())
"""


def run(runs: Path, name: str, dies_after: int) -> int:
    options = ["--runs", str(runs), "--name", name, "--pool", "inline", "--trials", "2"]
    command = [sys.executable, "-c", DIES_AFTER, str(dies_after), "run", str(STUDY), *options]
    return subprocess.run(command, capture_output=True, timeout=250, check=False).returncode


def states(run: sweep.Run) -> dict[str, bytes]:
    paths = [*run.directory.checkpoints.iterdir(), *run.directory.best.iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def test_a_training_that_was_killed_ends_with_the_same_network(tmp_path: Path) -> None:
    assert run(tmp_path, "whole", dies_after=0) == 0
    codes = [run(tmp_path, "killed", dies_after=n) for n in (3, 4)]
    assert codes == [-signal.SIGKILL] * 2
    assert run(tmp_path, "killed", dies_after=0) == 0
    whole, killed = sweep.Run(tmp_path / "whole"), sweep.Run(tmp_path / "killed")
    assert sum(len(record.attempts) for record in killed.records) >= 2
    assert [r.curve("validation_error") for r in killed.records] == [
        r.curve("validation_error") for r in whole.records
    ]
    assert "weights.safetensors" in states(whole)
    assert states(killed) == states(whole)
    network = nl.load_model(whole.directory.best / "weights.safetensors")
    assert whole.test is not None
    assert whole.test.metrics == {"test_error": nl.evaluate(network, nl.mnist("test"))["error"]}
