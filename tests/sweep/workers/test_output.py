"""What trials print, in whatever way they do it, is captured and bounded."""

import contextlib
import ctypes
import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sweep.text import GAP, shortened
from sweep.workers import output
from sweep.workers.messages import Work
from sweep.workers.output import Capture, left_behind
from sweep.workers.recorded import RecordedSession


@pytest.fixture
def capture() -> Iterator[Capture]:
    with closing(Capture()) as one:
        yield one


def printed(capture: Capture) -> bytes:
    return capture.take()[0]


def test_all_ways_to_print_are_captured_in_their_order(
    capture: Capture, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = open(2, "w", closefd=False)  # noqa: SIM115
    print("before")
    with capture:
        print("print")
        print("to stderr", file=sys.stderr)
        os.write(1, b"write\n")
        subprocess.run(["sh", "-c", "echo child; echo child >&2"], check=True)
        logging.StreamHandler(stream).emit(logging.makeLogRecord({"msg": "logged"}))
        print("\udcff \N{SNOWMAN}")
        os.write(2, b"\xff\n")
        ctypes.CDLL(None).puts(b"C library")
    print("after")
    lines = printed(capture).split(b"\n")
    assert lines[:6] == [b"print", b"to stderr", b"write", b"child", b"child", b"logged"]
    assert lines[6:] == ["\\udcff \N{SNOWMAN}".encode(), b"\xff", b"C library", b""]
    assert capfd.readouterr().out == "before\nafter\n"
    with capture:
        print("again")
    assert printed(capture) == b"again\n"


def test_in_a_notebook_logging_is_captured_too(
    capture: Capture, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler()  # to what is sys.stderr here, which has no descriptor
    logging.root.addHandler(handler)
    try:
        with capture:
            logging.warning("inside")
        logging.warning("outside")
    finally:
        logging.root.removeHandler(handler)
    assert printed(capture) == b"inside\n"
    assert capsys.readouterr().err == "outside\n"


def test_each_line_is_there_once(capture: Capture) -> None:
    with capture:
        print("one")
        first = printed(capture)
        print("two")
    assert (first, printed(capture), printed(capture)) == (b"one\n", b"two\n", b"")


def test_outside_nothing_is_captured_and_streams_are_as_before(capture: Capture) -> None:
    before = sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)
    with capture, capture:
        pass
    assert (sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)) == before
    os.write(1, b"not captured\n")
    assert printed(capture) == b""


def test_a_stream_that_a_training_sets_lasts_to_its_end_but_not_longer(capture: Capture) -> None:
    own = io.StringIO()
    with capture:
        redirected = contextlib.redirect_stdout(own)
        redirected.__enter__()
    with capture:
        print("own")
    capture.reset()
    with capture:
        print("next trial")
    assert own.getvalue() == "own\n"
    assert printed(capture) == b"next trial\n"


@pytest.mark.parametrize("is_line", [True, False])
def test_a_trial_that_prints_without_end_neither_waits_nor_fills_the_disk(
    capture: Capture, monkeypatch: pytest.MonkeyPatch, *, is_line: bool
) -> None:
    monkeypatch.setattr(output, "FILE_BYTES", 100_000)
    monkeypatch.setattr(output, "MESSAGE_BYTES", 10_000)
    end = "\n" if is_line else ""
    with capture:
        print("first", end=end)
        for _ in range(100):
            for _ in range(30):
                print(999 * "x", end=end)
            while os.fstat(capture._file.fileno()).st_size > 100_000:
                time.sleep(0.01)  # until the watcher has looked
        print("last", end=end, flush=True)
        text = printed(capture)
    assert text.startswith(b"first")
    assert text.rstrip().endswith(b"last")
    assert len(text) < 10_100
    assert len(GAP.findall(text)) == 1


def test_how_much_is_left_out_is_exact_however_often_it_is_shortened() -> None:
    text = b""
    for n in range(300):
        text = shortened(text + shortened(b"%04d\n" % n * 100, 120), 1000)
        assert len(text) < 1100
        left_out = sum(int(gap) for gap in GAP.findall(text))
        assert len(GAP.sub(b"", text)) + left_out == 500 * (n + 1)
    assert text.startswith(b"0000\n")
    assert text.endswith(b"0299\n")


def test_a_child_that_stays_does_not_disturb(capture: Capture) -> None:
    with capture:
        child = subprocess.Popen(["sh", "-c", "read line; echo $line"], stdin=subprocess.PIPE)
    child.communicate(b"late\n")
    assert printed(capture) == b"late\n"


def test_one_that_empties_the_file_disturbs_no_later_line(capture: Capture) -> None:
    with capture:
        print("a long line before")
        printed(capture)
        subprocess.run("echo new > /dev/stderr", shell=True, check=True)
    assert printed(capture) == b"new\n"


def test_what_a_process_leaves_behind_is_read_from_where_it_was_last(tmp_path: Path) -> None:
    path = tmp_path / "1.output"
    assert left_behind(path, 0) == b""
    with closing(Capture(path)) as capture:
        with capture:
            print("sent")
        _, position = capture.take()
        with capture:
            print("last words")
        assert left_behind(path, position) == b"last words\n"
    assert left_behind(path, 10**9) == b"sent\nlast words\n"


def test_a_full_disk_fails_no_print(capture: Capture) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with capture:
        os.dup2(full, 1)
        print("lost")
    os.close(full)
    assert printed(capture) == b""


def test_each_trial_has_its_own_output_that_of_finally_blocks_included(
    capture: Capture, make_study
) -> None:
    def train(_config: object, _data: object, seed: int, _state: object):
        try:
            for epoch in range(3):
                print(seed, epoch)
                yield {"loss": 1.0}
        finally:
            print(seed, "finally")

    class EachEpoch:
        def decides_after(self, *_: object) -> bool:
            return True

        def prunes(self, *_: object) -> bool:
            return False

    study = make_study(train=train, pruner=EachEpoch())
    with closing(RecordedSession(capture, study, None, 1)) as session:
        params = {"x": 0.5, "k": 2}
        outputs = [session.advance(Work(7, params, seed=1)).output]
        outputs.append(session.end_trial())
        outputs.append(session.advance(Work(8, params, seed=2)).output)
        outputs.append(session.finish())
    told = [[(one.trial, one.text) for one in output] for output in outputs]
    assert told[:2] == [[(7, b"1 0\n")], [(7, b"1 finally\n")]]
    assert told[2:] == [[(8, b"2 0\n")], [(8, b"2 finally\n")]]


DEBUGGED = """
import pdb
import sweep

def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}

def train(config, data, seed, state):
    print("captured")
    secret = 40 + 2
    CALL
    yield {"loss": config["x"]}

study = sweep.Study(name="debugged", space=space, train=train, minimize="loss", trials=1)
"""


@pytest.mark.parametrize("call", ["breakpoint()", "pdb.set_trace()"])
def test_a_debugger_prints_where_people_look(tmp_path: Path, call: str) -> None:
    file = tmp_path / "debugged.py"
    file.write_text(DEBUGGED.replace("CALL", call))
    command = [sys.executable, "-m", "sweep", "run", file.name, "--pool", "inline"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONBREAKPOINT": ""},
        input=b"p secret\nc\n",
        capture_output=True,
        check=True,
    )
    assert b"(Pdb) 42\n" in done.stdout
    assert b"captured" not in done.stdout
    log = tmp_path / "runs" / "debugged" / "logs" / "trial-00000.log"
    assert log.read_text() == "captured\n"
