"""Programs in slots of their own: limits of time and memory, and a worker that is killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

import sweep
from sweep.trials.records import Ending
from tests.waiting import wait_until

pytestmark = pytest.mark.ray

STUDY = """
    import sys
    import sweep

    def space(trial):
        return {"way": trial.suggest_categorical("way", ("hangs", "hoards", "is killed", "works"))}

    study = sweep.Study(
        name="ways", space=space, sampler="grid", minimize="loss",
        train=sweep.program(["sh", "train.sh", "{way}", sys.executable], metrics="pairs"),
    )
"""

PROGRAM = """
    echo $$ >> pids
    cd $SWEEP_CHECKPOINTS
    case $1 in
    hangs) trap '' TERM; echo loss=1; sleep 600 & wait; sleep 600 ;;
    hoards) $2 -c 'x = bytearray(300 * 2**20); import time; time.sleep(600)' & wait ;;
    "is killed") echo loss=1; echo 1 > epoch; sleep 0.2; echo loss=2; sleep 1 ;;
    works) echo loss=1 ;;
    esac
"""


def test_limits_of_time_and_memory_hold_for_programs(tmp_path: Path) -> None:
    (tmp_path / "ways.py").write_text(textwrap.dedent(STUDY))
    (tmp_path / "train.sh").write_text(textwrap.dedent(PROGRAM))
    limits = [
        "--slots",
        "2",
        "--trial-timeout",
        "4",
        "--memory-per-slot",
        "200MiB",
        "--retries",
        "3",
    ]
    command = [sys.executable, "-m", "sweep", "run", "ways.py", *limits]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as driver:
        has_killed = False
        while driver.poll() is None:
            time.sleep(0.1)
            for process in psutil.process_iter(["cmdline"]):
                if not has_killed and "is killed" in (process.info["cmdline"] or []):
                    workers = [p for p in process.parents() if "ray::Slot" in " ".join(p.cmdline())]
                    if workers and "train.sh" in process.info["cmdline"]:
                        has_killed = True
                        os.kill(workers[0].pid, signal.SIGKILL)
    assert driver.returncode == 0
    run = sweep.Run(tmp_path / "runs" / "ways")
    endings = {str(record.params["way"]): record.ending for record in run.records}
    assert endings == {
        "hangs": Ending.TIMEOUT,
        "hoards": Ending.OOM,
        "is killed": Ending.COMPLETE,
        "works": Ending.COMPLETE,
    }
    killed = next(r for r in run.records if r.params["way"] == "is killed")
    assert [attempt["reason"] for attempt in killed.attempts] == ["lost"]
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    wait_until(lambda: not any(map(psutil.pid_exists, pids)), 10)
