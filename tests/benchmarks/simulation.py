"""A sweep in virtual time: the real driver, sampler and database; slots and training are simulated.

Virtual time passes in two ways: waiting for slots skips to the next answer, and the driver's own
work counts in seconds of processor time, so slots wait for a driver that cannot keep up.
"""

import heapq
import io
import math
import random
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.display.terminal import LiveStatus, Terminal
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import EpochRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Output, Progress, SlotLost, Work

EPOCHS = 10
EPOCH_S = 10.0


def space(trial: Any) -> dict[str, Any]:
    return {
        **{name: trial.suggest_float(name, 1e-5, 1e-1, log=True) for name in ("rate", "decay")},
        **{name: trial.suggest_float(name, 0, 1) for name in ("drop", "momentum", "smooth")},
        **{name: trial.suggest_int(name, 1, 9) for name in ("depth", "width")},
        **{name: trial.suggest_categorical(name, ("a", "b", "c")) for name in ("norm", "act")},
    }


def loss(params: dict[str, Any], epoch: int) -> float:
    """Return a loss that falls from epoch to epoch towards a limit set by the parameters."""
    distances = [math.log10(params[name]) + 3 for name in ("rate", "decay")]
    distances += [3 * params[name] - 1 for name in ("drop", "momentum", "smooth")]
    distances += [params[name] / 4 - 1 for name in ("depth", "width")]
    distances += ["abc".index(params[name]) for name in ("norm", "act")]
    return sum(x * x for x in distances) + 3 / epoch


class Clock:
    """A clock that counts virtual seconds since its creation."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def now(self) -> float:
        return time.process_time() - self._began

    def skip_to(self, moment: float) -> None:
        self._began -= max(0.0, moment - self.now())


class SimulatedPool:
    """Slots that do no work; their epochs only take time on a virtual clock."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.trained_s = self.waited_s = 0.0
        self.n_epochs = 0
        self._clock = Clock()
        self._chance = random.Random(0)
        self._idle = dict.fromkeys(range(size))
        self._free_since = [0.0] * size
        self._work: dict[int, tuple[Work, int]] = {}
        self._answers: list[tuple[float, int]] = []

    @property
    def idle(self) -> list[int]:
        return list(self._idle)

    def worker(self, slot: int) -> Worker:
        return Worker(f"host-{slot // 64}", slot, 1)

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:  # noqa: ARG002 - pauses anyway
        now = self._clock.now()
        self.waited_s += now - self._free_since[slot]
        if work is not None:
            del self._idle[slot]
            self._work[slot] = work, 0
        more = self._work[slot][1] < EPOCHS
        seconds = EPOCH_S * self._chance.uniform(0.8, 1.2) if more else 0.0
        self.trained_s += seconds
        heapq.heappush(self._answers, (now + seconds, slot))

    def release(self, slot: int) -> None:
        self._idle[slot] = None

    def take_output(self) -> list[Output]:
        return []

    def close(self) -> None:
        pass

    def wait(self, _timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        if self._answers:
            self._clock.skip_to(self._answers[0][0])
        answers = []
        while self._answers and self._answers[0][0] <= self._clock.now():
            moment, slot = heapq.heappop(self._answers)
            self._free_since[slot] = moment
            answers.append((slot, self._answer(slot)))
        return answers

    def _answer(self, slot: int) -> Progress:
        work, n_before = self._work[slot]
        if n_before == EPOCHS:
            return Progress(work.trial, EPOCHS, finished=True)
        epoch = n_before + 1
        self._work[slot] = work, epoch
        self.n_epochs += 1
        value = loss(work.params, epoch)
        metrics = {"loss": value, "accuracy": 1 / value, "val_loss": value, "rate": 0.1}
        return Progress(work.trial, epoch, (EpochRecord(epoch, metrics, EPOCH_S, EPOCH_S),))


def train(*_: object) -> Any:
    raise NotImplementedError("the pool simulates it")


STUDY = sweep.Study(
    name="scale",
    space=space,
    train=train,
    minimize="loss",
    pruner=sweep.Asha(min_epochs=1, factor=3, max_epochs=EPOCHS),
)


def drive(study: sweep.Study, n_slots: int, folder: Path) -> tuple[SimulatedPool, float]:
    """Drive a study to its end; return the slots, and the driver's processor seconds."""
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=True, attributes={})
        ledger = open_ledger(study, table, LocalCheckpoints(folder, study.name))
        pool = SimulatedPool(min(n_slots, study.trials))
        began = time.process_time()
        with LiveStatus(Terminal(file=io.StringIO())) as status:
            Driver(study, ledger, Options(), status).run(pool)
        return pool, time.process_time() - began
