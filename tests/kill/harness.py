"""Kills runs and checks what is left of them."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sweep

HERE = Path(__file__).parent
STUDY = HERE / "study.py"
N_TRIALS = 12

MOMENTS = {
    "asking": ["Sampling.ask", "StudyTable.add"],
    "training": ["Session.advance", "Ledger.begin_attempt"],
    "checkpointing": ["CheckpointFolder.write", "write_atomically", "CheckpointFolder.keep"],
    "recording": ["Ledger.add_epochs", "StudyTable.add_epoch", "StudyTable.set_trial_attribute"],
    "telling": ["Ledger.end", "StudyTable.finish", "Sampling.tell"],
    "finishing": ["evaluate", "StudyTable.set_attribute", "Database.ensure", "write", "markdown"],
}
PROCESSES = ["driver", "worker", "raylet", "group"]


@dataclass(frozen=True)
class Kill:
    """One kill: who, when, and whether it came before the run was done."""

    who: str
    when: str
    moment: str
    hit: bool


class Campaign:
    """Kills a run again and again until it is done, and checks it after each time."""

    def __init__(self, folder: Path, seed: int, pause: float = 0.0) -> None:
        self._runs = folder
        self._pause = pause
        self._chance = random.Random(seed)
        self._n_runs = 0
        self._finished: dict[int, str] = {}
        self._epochs: dict[int, list[float]] = {}
        self._whole = _lasting(self._run_whole())

    def moments(self) -> Iterator[Kill]:
        """One kill of the driver at each moment, entering it and leaving it."""
        for when, functions in MOMENTS.items():
            for function in functions:
                for event in ("call", "return"):
                    nth = self._chance.randint(1, 4)
                    yield self._kill_at(when, function, event, nth)

    def at_random(self, who: str) -> Kill:
        """One kill of one process at a random moment of a run on Ray."""
        driver = self._start("--slots", "2")
        wait_s = self._chance.uniform(3.0, 9.0)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline and driver.poll() is None:
            time.sleep(0.05)
        hit = driver.poll() is None and _kill(driver, who)
        driver.communicate(timeout=120)
        self._check()
        if not hit and driver.returncode == 0:
            self.finish()
        return Kill(who, "at random", f"after {wait_s:.1f} s", hit)

    def finish(self) -> None:
        """Runs the current run to its end, and compares it with one that was never killed."""
        out = self._start("--pool", "inline").communicate(timeout=120)[0]
        self._check()
        run = sweep.Run(self._path)
        assert run.best is not None, out
        assert _lasting(run) == self._whole
        assert len(run.finals) == 1
        assert run.test is not None
        self._n_runs += 1
        self._finished, self._epochs = {}, {}

    @property
    def _path(self) -> Path:
        return self._runs / f"run-{self._n_runs}"

    def _kill_at(self, when: str, function: str, event: str, nth: int) -> Kill:
        victim = [sys.executable, str(HERE / "victim.py"), function, event, str(nth)]
        driver = self._start("--pool", "inline", program=victim)
        driver.communicate(timeout=120)
        hit = driver.returncode == -signal.SIGKILL
        assert hit or driver.returncode == 0
        self._check()
        if not hit:
            self.finish()
        return Kill("driver", when, f"{function} {event} {nth}", hit)

    def _start(self, *options: str, program: list[str] | None = None) -> subprocess.Popen[str]:
        program = program or [sys.executable, "-m", "sweep"]
        place = ["--runs", str(self._runs), "--name", self._path.name]
        settings = ["--set", f"pause={self._pause}"]
        return subprocess.Popen(
            [*program, "run", str(STUDY), *place, *settings, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _run_whole(self) -> sweep.Run:
        options = sweep.Options(runs=self._runs, name="whole", pool="inline")
        return sweep.run(sweep.load_study(STUDY), options)

    def _check(self) -> None:
        """No number twice, no finished trial changed, no epoch lost or recorded twice."""
        try:
            run = sweep.Run(self._path)
        except sweep.SweepError:
            assert not self._finished  # nothing was there to be lost
            return
        assert [record.number for record in run.records] == list(range(len(run.records)))
        assert len(run.records) <= N_TRIALS
        for record in run.records:
            numbers = [epoch.number for epoch in record.epochs]
            assert numbers == list(range(1, len(numbers) + 1))
            before = self._epochs.get(record.number, [])
            assert record.curve("loss")[: len(before)] == before
            self._epochs[record.number] = record.curve("loss")
        finished = {record.number: str(record) for record in run.records if record.finished}
        assert self._finished.items() <= finished.items()
        self._finished = finished


def _lasting(run: sweep.Run) -> list[object]:
    return [
        (r.number, r.params, r.seed, r.told, r.ended, r.ending, r.score, r.curve("loss"))
        for r in run.records
    ]


def _kill(driver: subprocess.Popen[str], who: str) -> bool:
    """Kills one process of a run; False if there is none of that kind just now."""
    if who == "group":
        os.killpg(driver.pid, signal.SIGKILL)
        return True
    if who == "driver":
        os.kill(driver.pid, signal.SIGKILL)
        return True
    sign = {"worker": "ray::Slot", "raylet": "raylet/raylet"}[who]
    for pid in _descendants(driver.pid):
        try:
            if sign in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)
                return True
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended by itself
    return False


def _descendants(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *_descendants(child)]
    return found
