"""Trials that fail in every way, side by side on real Ray: each says why, the others go on."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import sweep
from sweep.cli.main import main
from sweep.trials.records import Ending

pytestmark = pytest.mark.ray

STUDY = """
    import ctypes, os, signal, time
    import numpy as np
    import sweep

    def space(trial):
        return {"way": trial.suggest_categorical("way", WAYS)}

    def train(config, data, seed, state):
        way = config["way"]
        yield {"loss": 1.0, "free": float(data["zeros"][0])}
        if way == "raises":
            raise ValueError("no such thing")
        if way == "exits":
            raise SystemExit(3)
        if way == "diverges":
            yield {"loss": float("nan")}
        if way == "allocates":
            np.ones(200 * 2**20, np.uint8)
        if way == "hoards":
            hoard = []
            while True:
                hoard.append([0] * 1000)
        if way == "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "crashes":
            ctypes.string_at(0)
        if way == "is stuck":
            ctypes.PyDLL(None).sleep(600)  # in C, holding the interpreter lock
        yield {"loss": 0.5}

    study = sweep.Study(
        name="fails", space=space, train=train, minimize="loss", sampler="grid",
        data=lambda: {"zeros": np.zeros(100 * 2**20, np.uint8)},
    )
"""


def run_ways(tmp_path: Path, *ways: str, options: list[str]) -> tuple[sweep.Run, str]:
    """A run with one trial per way to fail, from the command line."""
    path = tmp_path / "fails.py"
    path.write_text(textwrap.dedent(STUDY).replace("WAYS", repr(ways)))
    command = [sys.executable, "-m", "sweep", "run", str(path), "--slots", "2", *options]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=200, cwd=tmp_path, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stderr == ""
    return sweep.Run(tmp_path / "runs" / "fails"), answer.stdout


def test_every_failure_says_why_and_where_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ("raises", "exits", "diverges", "is killed", "crashes", "is stuck")
    options = ["--retries", "1", "--trial-timeout", "8"]
    run, out = run_ways(tmp_path, *broken, "is well", "is well too", options=options)
    endings = {str(record.params["way"]): record.ending for record in run.records}
    assert endings == {
        "raises": Ending.ERROR,
        "exits": Ending.ERROR,
        "diverges": Ending.DIVERGED,
        "is killed": Ending.LOST,
        "crashes": Ending.LOST,
        "is stuck": Ending.TIMEOUT,
        "is well": Ending.COMPLETE,
        "is well too": Ending.COMPLETE,
    }
    shown = {}
    for record in run.records:
        assert record.worker is not None
        assert main(["show", str(run.directory.path), str(record.number)]) == 0
        shown[str(record.params["way"])] = capsys.readouterr().out
        assert f"process {record.worker.pid} on " in shown[str(record.params["way"])]
        assert record.worker.host in shown[str(record.params["way"])]
    assert 'raise ValueError("no such thing")' in shown["raises"]
    assert "SystemExit: 3" in shown["exits"]
    assert "loss is nan after epoch 2" in shown["diverges"]
    assert "its worker process has died; it left no note: SIGKILL, as" in shown["is killed"]
    assert "its worker process has died; SIGSEGV: Segmentation fault" in shown["crashes"]
    assert len(re.findall(r'File ".*fails.py", line \d+ in train', shown["crashes"])) == 3
    lost = r"^cut short: lost after 0 epochs in process \d+ on \S+: its worker process has died; SI"
    assert len(re.findall(lost, shown["crashes"], re.M)) == 2
    assert "took longer than 8 s, 0 epochs done" in shown["is stuck"]
    for way in ("is killed", "crashes"):
        record = next(record for record in run.records if record.params["way"] == way)
        assert [attempt["reason"] for attempt in record.attempts] == ["lost", "lost"]
        assert len({attempt["pid"] for attempt in record.attempts}) == 2
        assert all(attempt["host"] and attempt["message"] for attempt in record.attempts)
    # one line per attempt and per trial, and none of Ray's own
    assert len(re.findall(r"^! trial \d+: lost after 0 epochs, will be retried", out, re.M)) == 2
    assert "raylet" not in out
    assert "A worker died" not in out
    log = (run.directory.logs / "run.log").read_text()
    assert "will be retried: its worker process has died; SIGSEGV" in log
    assert 'raise ValueError("no such thing")' in log


def test_a_trial_that_takes_more_memory_than_its_slot_may_is_ended_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    ways = ("is well", "allocates", "hoards", "is well too")
    run, out = run_ways(tmp_path, *ways, options=["--memory-per-slot", "150MiB"])
    by_way = {str(record.params["way"]): record for record in run.records}
    for way, words in (("allocates", "Unable to allocate 200. MiB"), ("hoards", "MemoryError")):
        record = by_way[way]
        assert record.ending is Ending.OOM
        assert record.attempts == []
        assert record.failure is not None
        assert words in record.failure.message
        assert record.failure.message.endswith("; --memory-per-slot allows 150 MiB")
        assert "fails.py" in record.failure.traceback
    assert by_way["is well"].ending is by_way["is well too"].ending is Ending.COMPLETE
    pids = {record.worker.pid for record in run.records if record.worker}
    assert len(pids) >= 3
    assert len(re.findall(r"^  trial +\d+  oom ", out, re.M)) == 2
