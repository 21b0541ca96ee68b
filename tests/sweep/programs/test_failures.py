"""Programs that fail or will not end: each is a plain failure of its trial, and nothing is left."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import sweep
from sweep.programs import training
from sweep.trials.records import Ending
from tests.waiting import wait_until

Make = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

CASES = {
    "exit 3": "sh train.sh ended with exit code 3",
    "echo loss=1; exit 4": "sh train.sh ended with exit code 4",
    "kill -SEGV $$": "sh train.sh was ended by SIGSEGV",
    "echo hello": "without an epoch: expected the metric loss, got no metrics; see metrics",
    "echo acc=1": "without an epoch: expected the metric loss, got acc; see metrics",
    "head -c 3000000 /dev/zero > $SWEEP_CHECKPOINTS/big; echo loss=1; sleep 1": (
        "expected at most 1 MiB of files in SWEEP_CHECKPOINTS, got 2.861 MiB"
    ),
}


@pytest.mark.parametrize("text", CASES)
def test_a_failure_is_told_plainly(of_program: Make, inline: Inline, text: str) -> None:
    run = inline(of_program(text, metrics="pairs", checkpoint_limit="1MiB"))
    (record,) = run.records
    assert record.ending is Ending.ERROR
    assert record.failure is not None
    assert CASES[text] in record.failure.message
    assert "training.py" not in record.failure.traceback


def test_the_last_lines_of_a_program_that_failed_are_told(of_program: Make, inline: Inline) -> None:
    text = "for i in 1 2 3; do echo line $i; done; echo no such file >&2; exit 1"
    failure = inline(of_program(text, metrics="pairs")).records[0].failure
    assert failure is not None
    assert failure.message == "ProgramError: sh train.sh ended with exit code 1"
    lines = failure.traceback.splitlines()
    assert lines[1] == "its last lines:"
    assert sorted(lines[2:]) == ["line 1", "line 2", "line 3", "no such file"]


def test_a_guard_that_is_killed_is_told(of_program: Make) -> None:
    study = of_program("echo loss=1; sleep 60", metrics="pairs")
    running = iter(study.train({"x": 1, "k": 1}, None, 0, None))
    next(running)
    children = psutil.Process().children(recursive=True)
    program = next(child for child in children if child.name() == "sh")
    for guard in program.parents()[:2]:
        guard.kill()
    with pytest.raises(sweep.SweepError, match=r"train\.sh was lost: its guard was killed"):
        next(running)


def test_a_missing_metric_of_a_line_that_ends_an_epoch_is_told(
    of_program: Make, inline: Inline
) -> None:
    study = of_program("echo acc=1; echo done", metrics="pairs", epoch_ends="done")
    failure = inline(study).records[0].failure
    assert failure is not None
    assert "metrics: expected loss in the lines of every epoch, got acc" in failure.message


def test_not_a_number_is_a_divergence(of_program: Make, inline: Inline) -> None:
    run = inline(of_program("echo loss=1; echo loss=nan; sleep 60", metrics="pairs"))
    assert run.records[0].ending is Ending.DIVERGED


def test_a_program_that_is_gone_when_its_trial_begins_fails_that_trial(
    of_program: Make, tmp_path: Path
) -> None:
    study = of_program("echo loss=1", metrics="pairs")
    (tmp_path / "train.sh").unlink()
    with pytest.raises(sweep.SweepError, match=r"expected the file 'train\.sh' in"):
        next(iter(study.train({"x": 1, "k": 1}, None, 0, None)))


def test_a_file_that_is_no_program_cannot_be_started(of_program: Make, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\x00\x01")
    (tmp_path / "text").chmod(0o755)
    study = of_program("", command=["./text"])
    with pytest.raises(sweep.SweepError, match="text cannot be started: Exec format error"):
        next(iter(study.train({"x": 1, "k": 1}, None, 0, None)))


def test_a_flood_of_output_is_survived(of_program: Make, inline: Inline) -> None:
    text = """
        head -c 100000000 /dev/zero
        echo
        yes "a long line of words that say nothing at all, again and again" | head -c 20000000
        echo
        echo loss=1
    """
    run = inline(of_program(text, metrics="pairs"))
    assert run.records[0].curve("loss") == [1.0]
    assert run.directory.output(0).stat().st_size <= 2 * 2**20


STUBBORN = {
    "ignores SIGTERM": "trap '' TERM; echo $$ >> pids; echo loss=1; while :; do sleep 1; done",
    "has children": "sleep 60 & echo $! > pids; sleep 9 | cat & echo $! >> pids; echo loss=1; wait",
    "forks away": (
        "setsid sh -c 'trap \"\" TERM; echo $$ >> pids; sleep 60 & sleep 60' & sleep 0.3; "
        "echo loss=1; sleep 60"
    ),
}


def pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


@pytest.mark.parametrize("way", STUBBORN)
def test_a_trial_that_ends_takes_all_its_processes_with_it(
    of_program: Make, tmp_path: Path, way: str
) -> None:
    study = of_program(STUBBORN[way], metrics="pairs", grace_seconds=0.3)
    running = iter(study.train({"x": 1, "k": 1}, None, 0, None))
    next(running)
    assert all(map(psutil.pid_exists, pids(tmp_path)))
    running.close()  # type: ignore[attr-defined]
    assert not any(map(psutil.pid_exists, pids(tmp_path)))


def test_a_program_that_leaves_a_daemon_ends_with_it(of_program: Make, tmp_path: Path) -> None:
    text = "setsid sleep 60 & echo $! >> pids; echo loss=1"
    study = of_program(text, metrics="pairs", grace_seconds=0.3)
    assert len([*study.train({"x": 1, "k": 1}, None, 0, None)]) == 1
    assert not any(map(psutil.pid_exists, pids(tmp_path)))


def test_a_program_may_save_when_it_is_asked_to_end(of_program: Make, tmp_path: Path) -> None:
    text = """
        trap 'echo bye; echo saved > saved; exit 0' TERM
        echo loss=1
        while :; do sleep 0.02; done
    """
    running = iter(of_program(text, metrics="pairs").train({"x": 1, "k": 1}, None, 0, None))
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert (tmp_path / "saved").exists()


WORKER = """
    import os, sweep
    program = sweep.program(["sh", "train.sh"], metrics="pairs", grace_seconds=0.3)
    def space(trial):
        return {"x": trial.suggest_int("x", 0, 1)}
    study = sweep.Study(name="s", space=space, train=program, minimize="loss")
    running = study.train({"x": 1}, None, 0, None)
    next(running)
    print(flush=True)
    next(running)
"""


@pytest.mark.parametrize("way", STUBBORN)
def test_nothing_survives_a_worker_that_is_killed(
    of_program: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    of_program(STUBBORN[way])
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = [sys.executable, "-c", textwrap.dedent(WORKER)]
    with subprocess.Popen(worker, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip():
            pass
        assert all(map(psutil.pid_exists, pids(tmp_path)))
        assert [*tmp_path.glob("sweep-program-*")]
        os.kill(process.pid, signal.SIGKILL)
    folders = "sweep-program-*"
    wait_until(
        lambda: not (any(map(psutil.pid_exists, pids(tmp_path))) or [*tmp_path.glob(folders)]), 30
    )


def test_memory_of_children_counts(
    of_program: Make, inline: Inline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f"""
        {sys.executable} -c 'x = bytearray(100 * 2**20); import time; time.sleep(60)' &
        echo $! >> pids
        wait
    """
    monkeypatch.setattr(training, "allowed_bytes", lambda: 50 * 2**20)
    (record,) = inline(of_program(text, metrics="pairs")).records
    assert record.ending is Ending.OOM
    assert record.failure is not None
    assert "sh train.sh and its children need too much memory" in record.failure.message
    assert not any(map(psutil.pid_exists, pids(tmp_path)))
