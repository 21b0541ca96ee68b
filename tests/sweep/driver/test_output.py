"""What trials print is in a file for each, whichever pool they ran in and however they ended."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.driver import observers
from sweep.driver.observers import OutputFiles
from sweep.driver.progress import Snapshot, TrialCounts
from sweep.storage.run_directory import RunDirectory
from sweep.text import GAP, terminal_text
from sweep.trials.records import TrialRecord
from sweep.workers.messages import Output

MakeStudy = Callable[..., sweep.Study]

STUDY = """
import ctypes, logging, os, subprocess, sys, threading, time, warnings
import sweep

log = logging.getLogger("mine")
logging.basicConfig(level=logging.INFO)
HOWS = ["silent", "ways", "raises", "flood", "pruned", "segfault", "stuck"]

def space(trial):
    return {"how": trial.suggest_categorical("how", HOWS)}

def ways():
    print("print")
    log.info("logging")
    warnings.warn("warning")
    subprocess.run("echo child; echo child >&2", shell=True)
    os.write(1, b"binary \\xff\\x1b[31m\\n")
    print("surrogate \\udcff <b>")
    ctypes.CDLL(None).puts(b"C library")

def train(config, data, seed, state):
    how = config["how"]
    try:
        if how == "ways":
            ways()
        if how == "raises":
            print("last <words>")
            raise ValueError(how)
        if how == "flood":
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                print(1000 * "x")
            print("end")
        if how == "pruned":
            for _ in range(9):
                print("an epoch")
                yield {"loss": 2.0}
        yield {"loss": 1.0}
        if how == "segfault":
            print("before the crash", end="")
            sys.stdout.flush()
            ctypes.string_at(0)
        while how == "stuck":
            print("still waiting", flush=True)
            time.sleep(60)
    finally:
        if how == "pruned":
            print("finally")

class Pruner:
    def decides_after(self, epoch):
        return epoch == 2

    def prunes(self, values, peers):
        return True

study = sweep.Study(name="prints", space=space, train=train, minimize="loss", sampler="grid",
                    trials=9, pruner=Pruner())
"""


def logs_of(run: sweep.Run, records: list[TrialRecord]) -> dict[str, bytes]:
    paths = {record.params["how"]: run.directory.output(record.number) for record in records}
    return {how: path.read_bytes() for how, path in paths.items() if path.exists()}


@pytest.fixture
def study_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., sweep.Study]:
    def load(*but: str) -> sweep.Study:
        text = STUDY
        for how in but:
            text = text.replace(f', "{how}"', "", 1)
        file = tmp_path / "prints.py"
        file.write_text(text)
        return sweep.load_study(file)

    monkeypatch.chdir(tmp_path)
    return load


def in_a_shell(folder: Path, file: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sweep", "run", file, "--pool", "inline", *more]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def check_what_every_pool_writes(logs: dict[str, bytes]) -> None:
    assert "silent" not in logs
    lines = logs["ways"].split(b"\n")
    for line in (b"print", b"INFO:mine:logging", b"C library", b"binary \xff\x1b[31m"):
        assert lines.count(line) == 1
    assert lines.count(b"child") == 2
    assert b"surrogate \\udcff <b>" in lines
    assert logs["ways"].count(b"UserWarning: warning") == 1
    assert logs["raises"] == b"last <words>\n"
    assert logs["pruned"] in (2 * b"an epoch\n" + b"finally\n", 3 * b"an epoch\n" + b"finally\n")
    assert logs["flood"].startswith(b"xxx")
    assert logs["flood"].endswith(b"xxx\nend\n")
    assert len(logs["flood"]) < 1.1 * 1024**2
    assert GAP.search(logs["flood"])


def test_a_run_in_this_process_writes_a_file_for_each_trial_that_prints(
    study_of: Callable[..., sweep.Study], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study_of("segfault", "stuck")
    assert in_a_shell(tmp_path, "prints.py").returncode == 0
    run = sweep.Run(tmp_path / "runs" / "prints")
    check_what_every_pool_writes(logs_of(run, run.records))
    failed = next(record for record in run.records if record.failure)
    assert run.printed(failed.number) == "last <words>"
    assert main(["show", "prints", str(failed.number)]) == 0
    place = f"runs/prints/logs/trial-{failed.number:05}.log"
    assert capsys.readouterr().out.endswith(f"\nend of {place}:\n    last <words>\n")
    report = (run.directory.path / "report.md").read_text()
    assert f"Last lines of trial {failed.number}:\n\n```text\nlast <words>\n```\n" in report
    assert "<pre>last &lt;words&gt;</pre>" in run.directory.report.read_text()


@pytest.mark.ray
def test_a_run_on_ray_writes_the_same_and_the_last_words_of_processes_that_died(
    study_of: Callable[..., sweep.Study], tmp_path: Path
) -> None:
    options = sweep.Options(runs=tmp_path / "ray", slots=2, retries=1, trial_timeout=8)
    run = sweep.run(study_of(), options)
    logs = logs_of(run, run.records)
    check_what_every_pool_writes(logs)
    first, second = re.split(rb"-- attempt 2, the last one: lost after [01] epochs --\n",
                             logs["segfault"])  # fmt: skip
    assert first.startswith(b"before the crash")
    assert second.startswith(b"before the crash")
    assert logs["stuck"] == b"still waiting\n"


FOLLOWED = """
import sys, time
import sweep

def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}

def train(config, data, seed, state):
    print("[bold]one[/]")
    yield {"loss": 1.0}
    sys.stdout.write("no newline")

study = sweep.Study(name="followed", space=space, train=train, minimize="loss", trials=1)
"""


@pytest.mark.parametrize("shows", [True, False])
def test_show_output_prints_each_line_with_its_trial(tmp_path: Path, *, shows: bool) -> None:
    (tmp_path / "followed.py").write_text(FOLLOWED)
    lines = in_a_shell(tmp_path, "followed.py", *["--show-output"] * shows).stdout.splitlines()
    expected = ["trial 0: [bold]one[/]", "trial 0: no newline"]
    assert [line for line in lines if line.startswith("trial 0:")] == expected * shows
    assert lines[1 + 2 * shows].startswith("* trial   0  complete")


INTERRUPTED = """
import os, signal
import sweep

def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}

def train(config, data, seed, state):
    print("begun", state)
    yield sweep.Epoch({"loss": 1.0}, {"done": 1})
    if state is None:
        print("interrupted")
        os.kill(os.getpid(), signal.SIGINT)
    yield sweep.Epoch({"loss": 1.0}, {"done": 2})

study = sweep.Study(name="twice", space=space, train=train, minimize="loss", trials=1)
"""


def test_the_next_attempt_is_appended_after_a_line_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text(INTERRUPTED.replace("state is None", "not RESUMED").replace(
        "import sweep\n", "import sweep\nRESUMED = os.path.exists('resumed')\n"))  # fmt: skip
    assert in_a_shell(tmp_path, "twice.py").returncode == 130
    (tmp_path / "resumed").touch()
    assert in_a_shell(tmp_path, "twice.py").returncode == 0
    log = (tmp_path / "runs" / "twice" / "logs" / "trial-00000.log").read_text()
    assert log == (
        "begun None\ninterrupted\n"
        "-- attempt 2, the last one: interrupted after 0 epochs --\nbegun None\n"
    )


def test_the_trainings_of_runoff_and_final_have_files_of_their_own(
    make_study: MakeStudy, inline: Callable[..., sweep.Run]
) -> None:
    def train(config: Any, data: str, *_: object) -> Iterator[sweep.Epoch]:
        print(data)
        yield sweep.Epoch({"loss": 1.0}, {"done": 1})

    final = sweep.Final(
        data=lambda: "all", test=lambda: None, evaluate=lambda *_: {}, minimize="loss", runoff=2
    )
    run = inline(make_study(train=train, data=lambda: "part", final=final, trials=2))
    assert run.directory.output(0).read_text() == "part\n"
    assert (run.directory.logs / "runoff-00005.log").read_text() == "part\n"
    assert run.directory.output(0, "final").read_text() == "all\n"
    assert run.directory.output(0, "final").name == "final-00000.log"


@pytest.fixture
def written(make_study: MakeStudy, tmp_path: Path) -> Callable[..., list[Any]]:
    """Gives outputs to the observer that writes them; returns the messages of that."""
    record = TrialRecord(0, {}, {}, {}, 0, 0)
    study = make_study()
    snapshot = Snapshot(study, TrialCounts([study.sign], [record]), 1, 1)
    messages: list[Any] = []
    files = OutputFiles(RunDirectory(tmp_path), study.name, lambda _, event: messages.append(event))

    def write(*texts: bytes) -> list[Any]:
        for text in texts:
            files(snapshot, Output(0, text))
        return messages

    return write


def test_a_file_keeps_its_beginning_and_its_end(
    written: Callable[..., list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observers, "OUTPUT_BYTES", 1000)
    assert written(*(b"%03d\n" % n for n in range(1000))) == []
    log = (tmp_path / "logs" / "trial-00000.log").read_bytes()
    assert log.startswith(b"000\n001\n")
    assert log.endswith(b"998\n999\n")
    assert len(log) <= 1000
    left_out = GAP.search(log)
    assert left_out is not None
    assert len(GAP.sub(b"", log)) + int(left_out[1]) == 4000


def test_a_log_that_cannot_be_written_is_told_once_and_ends_nothing(
    written: Callable[..., list[Any]], tmp_path: Path
) -> None:
    (tmp_path / "logs").write_text("in the way")
    (message,) = written(b"one\n", b"two\n")
    assert re.search(r"trial-00000.log: cannot write: .*; what trials print is lost", message)
    (tmp_path / "logs").unlink()
    assert len(written(b"three\n")) == 1
    assert (tmp_path / "logs" / "trial-00000.log").read_text() == "three\n"


def test_what_a_program_prints_is_shown_without_being_obeyed() -> None:
    text = b"\x1b[1;31mred\x1b[0m\r\n10%\r20%\rdone\n\x1b]0;title\x07a\tb\x07 \xff \xe2\x80\xae\x1b"
    assert terminal_text(text) == "red\ndone\na\tb\\x07 \\xff \\u202e\\x1b"
