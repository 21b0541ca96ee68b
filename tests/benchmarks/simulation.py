"""A sweep in virtual time: the real driver, sampler and database; slots and training are simulated.

Virtual time passes in two ways: waiting for slots skips to the next answer, and the driver's own
work counts in seconds of processor time, so slots wait for a driver that cannot keep up.
"""

import heapq
import io
import math
import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.display.terminal import LiveStatus, Terminal
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.driver.progress import Observer
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import Ending, EpochRecord, Failure
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


class Training(NamedTuple):
    """What a slot pretends to do.

    Attributes:
        epochs: Number of epochs of a whole training.
        seconds: (params, epoch) -> how long an epoch takes.
        metrics: (params, epoch) -> what it yields; a training that yields NaN has diverged.
    """

    epochs: int
    seconds: Callable[[dict[str, Any], int], float]
    metrics: Callable[[dict[str, Any], int], dict[str, float]]


class Clock:
    """A clock that counts virtual seconds since its creation, and the work of this process."""

    def __init__(self, work: Callable[[], float] = time.process_time) -> None:
        self._work = work
        self._began = work()

    def now(self) -> float:
        return self._work() - self._began

    def skip_to(self, moment: float) -> None:
        self._began -= max(0.0, moment - self.now())


class TimeIsUp(Exception):  # noqa: N818 - ends a search as planned
    """The slots would answer only after the end of their time."""


class SimulatedPool:
    """Slots that do no work; their epochs only take time on a virtual clock.

    A paused trial continues where it stopped.
    """

    def __init__(
        self,
        size: int,
        training: Training,
        clock: Clock | None = None,
        seconds: float = math.inf,
    ) -> None:
        self.size = size
        self.seconds = seconds
        self.trained_s = self.waited_s = 0.0
        self.n_epochs = 0
        self._training = training
        self._clock = clock or Clock()
        self._done: dict[int, int] = {}  # epochs by trial
        self._idle = dict.fromkeys(range(size))
        self._free_since = [0.0] * size
        self._work: dict[int, Work] = {}
        self._answers: list[tuple[float, int]] = []

    def now(self) -> float:
        """Return the virtual seconds that have passed."""
        return self._clock.now()

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
            self._work[slot] = work
        trial = self._work[slot].trial
        epoch = self._done.setdefault(trial, 0) + 1
        more = epoch <= self._training.epochs
        seconds = self._training.seconds(self._work[slot].params, epoch) if more else 0.0
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
            if self._answers[0][0] > self.seconds:
                raise TimeIsUp
            self._clock.skip_to(self._answers[0][0])
        answers = []
        while self._answers and self._answers[0][0] <= self._clock.now():
            moment, slot = heapq.heappop(self._answers)
            self._free_since[slot] = moment
            answers.append((slot, self._answer(slot)))
        return answers

    def _answer(self, slot: int) -> Progress:
        work, training = self._work[slot], self._training
        if self._done[work.trial] == training.epochs:
            return Progress(work.trial, training.epochs, finished=True)
        self._done[work.trial] = epoch = self._done[work.trial] + 1
        self.n_epochs += 1
        metrics = training.metrics(work.params, epoch)
        seconds = training.seconds(work.params, epoch)
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        diverged = Failure(Ending.DIVERGED, "NaN") if len(finite) < len(metrics) else None
        epochs = (EpochRecord(epoch, finite, seconds, seconds),)
        return Progress(work.trial, epoch, epochs, failure=diverged)


def epoch_seconds(params: dict[str, Any], epoch: int) -> float:
    """Return how long an epoch takes: about as long for all."""
    return EPOCH_S * random.Random(f"{params} {epoch}").uniform(0.8, 1.2)


def metrics(params: dict[str, Any], epoch: int) -> dict[str, float]:
    """Return what an epoch yields."""
    value = loss(params, epoch)
    return {"loss": value, "accuracy": 1 / value, "val_loss": value, "rate": 0.1}


def train(*_: object) -> Any:
    raise NotImplementedError("the pool simulates it")


STUDY = sweep.Study(
    name="scale",
    space=space,
    train=train,
    minimize="loss",
    pruner=sweep.Asha(min_epochs=1, factor=3, max_epochs=EPOCHS),
)


def search(study: sweep.Study, pool: SimulatedPool, folder: Path, observer: Observer) -> None:
    """Drive a study to its end, or to the end of its slots' time."""
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=True, attributes={})
        ledger = open_ledger(study, table, LocalCheckpoints(folder, study.name))
        with suppress(TimeIsUp):
            Driver(study, ledger, Options(), observer).run(pool)


def drive(study: sweep.Study, n_slots: int, folder: Path) -> tuple[SimulatedPool, float]:
    """Drive a study to its end; return the slots, and the driver's processor seconds."""
    pool = SimulatedPool(min(n_slots, study.trials), Training(EPOCHS, epoch_seconds, metrics))
    began = time.process_time()
    with LiveStatus(Terminal(file=io.StringIO())) as status:
        search(study, pool, folder, status)
    return pool, time.process_time() - began
