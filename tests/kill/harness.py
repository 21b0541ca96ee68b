"""Runs that are killed again and again, and the checks after every kill."""

import itertools
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import sweep
from tests.kill import processes
from tests.lasting import lasting

ROOT = Path(__file__).parents[2]
STUDY = Path(__file__).parent / "study.py"
PROGRAM_STUDY = Path(__file__).parent / "program_study.py"
N_TRIALS = 12

MOMENTS = {
    "asking": ["Sampler.ask", "TrialTable.add"],
    "training": ["Session.advance", "Attempts.begin"],
    "checkpointing": ["LocalCheckpoints.write", "write_atomically", "LocalCheckpoints.discard"],
    "recording": ["Attempts.add_epochs", "TrialTable.add_epochs", "TrialTable.set_trial_attribute"],
    "pausing": ["Ledger.pause", "Ledger._continue", "TrialOrder.pause"],
    "telling": ["Ledger.end", "TrialTable.finish", "Sampler.tell"],
    "reporting": ["evaluate", "TrialTable.set_attribute", "Database.ensure", "write", "markdown"],
}
"""Functions of a driver that trains in its own process, by what it does in them."""

RARE = {*MOMENTS["reporting"], "TrialTable.set_trial_attribute"}
"""Functions that a run calls only once: at its end, or when it resumes after a kill."""

RAY_MOMENTS = MOMENTS | {"training": ["RayPool.wait", "RayPool.advance"]}
"""The same for the driver of a run on Ray."""

PROCESSES = ["worker", "raylet", "group"]
HAS_ENDED = {("worker", "reporting"), ("raylet", "reporting")}
"""Combinations that cannot happen: Ray has ended by then."""


ATTEMPTS = 3
"""Runs per kill: if one ends before the moment comes, a new one is tried."""


@dataclass(frozen=True)
class Kill:
    """One kill: who, when and how, and whether it hit before the run was done."""

    who: str
    when: str
    how: str
    hit: bool


class Campaign:
    """Kills a run until it is done, and checks it after every kill."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        storage: str = "",
        objectives: int = 1,
        study: Path = STUDY,
    ) -> None:
        """Prepare for runs in an empty folder, with records at a URL, or in SQLite without one."""
        self._study = study
        self._settings = {"objectives": objectives} if study == STUDY else {}
        self._runs = folder
        self._storage = storage
        self._chance = random.Random(seed)
        self._marks = (folder / f"mark-{number}" for number in itertools.count())
        self._n_runs = 0
        self._finished: dict[int, str] = {}
        self._epochs: dict[int, list[float]] = {}
        self._whole = everything(self._run_whole())

    def at_moment(self, who: str, when: str, function: str = "", event: str = "") -> Kill:
        """Kill at a chosen moment: the driver in a run without Ray, others in a run on Ray."""
        moments = MOMENTS if who == "driver" else RAY_MOMENTS
        function = function or self._chance.choice(moments[when])
        event = event or self._chance.choice(["call", "return"])

        def kill() -> bool:
            nth = "1" if function in RARE else str(self._chance.randint(1, 3))
            mark = next(self._marks)
            victim = ["-m", "tests.kill.victim", who, function, event, nth, str(mark)]
            options = ["--pool", "inline"] if who == "driver" else ["--slots", "2"]
            self._await(self._start(victim, 0.0 if who == "driver" else 0.1, *options))
            return mark.exists()

        return Kill(who, when, f"{function} {event}", any(kill() for _ in range(ATTEMPTS)))

    def at_random(self, who: str) -> Kill:
        """Kill at a random moment of a run on Ray, from outside."""

        def kill() -> bool:
            driver = self._start(["-m", "sweep"], 0.1, "--slots", "2")
            wait_s, appeared, hit = self._chance.uniform(0.0, 3.0), 0.0, False
            while driver.poll() is None and not hit:
                time.sleep(0.05)
                if not appeared and processes.find("worker", driver.pid):
                    appeared = time.monotonic()
                if appeared and time.monotonic() - appeared > wait_s:
                    hit = processes.kill(who, driver.pid)
            self._await(driver)
            return hit

        return Kill(who, "at random", "", any(kill() for _ in range(ATTEMPTS)))

    def finish(self) -> None:
        """Finish the current run and compare it with one that was never killed."""
        out = self._start(["-m", "sweep"], 0.0, "--pool", "inline").communicate(timeout=600)[0]
        self._check()
        run = sweep.Run(self._path, self._storage)
        assert run.best is not None, out
        assert everything(run) == self._whole
        assert len(run.finals) == 2
        assert run.test is not None
        self._n_runs += 1
        self._finished, self._epochs = {}, {}

    @property
    def _path(self) -> Path:
        return self._runs / f"run-{self._n_runs}"

    def _start(self, program: list[str], pause_s: float, *options: str) -> subprocess.Popen[str]:
        place = ["--runs", str(self._runs), "--name", self._path.name, "--retries", "99"]
        storage = ["--storage", self._storage] if self._storage else []
        return subprocess.Popen(
            [
                sys.executable,
                *program,
                "run",
                str(self._study),
                *place,
                *storage,
                *options,
                *(f"--set={name}={value}" for name, value in self._settings.items()),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "KILL_PAUSE_S": str(pause_s)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _await(self, driver: subprocess.Popen[str]) -> None:
        """Wait until the driver has ended, in whatever way, and check the run."""
        driver.communicate(timeout=600)
        self._check()
        if driver.returncode == 0:
            self.finish()

    def _run_whole(self) -> sweep.Run:
        options = sweep.Options(runs=self._runs, name="whole", pool="inline", storage=self._storage)
        return sweep.run(sweep.load_study(self._study, self._settings), options)

    def _check(self) -> None:
        """Check: no number twice, no finished trial changed, no epoch lost or recorded twice."""
        try:
            run = sweep.Run(self._path, self._storage)
        except sweep.RunError:
            assert not self._finished  # there was nothing to lose
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


def everything(run: sweep.Run) -> list[object]:
    """What must come out the same of search, runoff, final trainings and test set."""
    trials = [lasting(records) for records in (run.records, run.runoff, run.finals)]
    return [*trials, run.test.each if run.test else None]
