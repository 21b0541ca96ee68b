"""Where does one driver bend? Its own ledger, sampler and database; slots and time are simulated.

python -m tests.benchmarks.scale [--trials 100 --trials 1000 ...] [--slots 1 --slots 10 ...]

Trials of up to 10 epochs of about 10 virtual seconds, which ASHA prunes. Time passes in two ways: a
wait for slots skips to the next answer, and what the driver computes meanwhile counts in seconds
of processor time; so slots wait for a driver that cannot keep up. Ray's own work is not in it.
Each line is a process of its own. Prints a table and draws it as scale.svg.
"""

import heapq
import io
import math
import multiprocessing
import random
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import matplotlib.pyplot as plt

import sweep
from sweep.checkpoint_folder import CheckpointFolder
from sweep.console import LiveStatus, Terminal
from sweep.database import Database
from sweep.driver import Driver, Limits
from sweep.ledger import Ledger
from sweep.records import EpochRecord, Progress, SlotLost, Work, Worker
from sweep.sqlite import SQLiteFile

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
    """Falls from epoch to epoch to what the parameters allow."""
    distances = [math.log10(params[name]) + 3 for name in ("rate", "decay")]
    distances += [3 * params[name] - 1 for name in ("drop", "momentum", "smooth")]
    distances += [params[name] / 4 - 1 for name in ("depth", "width")]
    distances += ["abc".index(params[name]) for name in ("norm", "act")]
    return sum(x * x for x in distances) + 3 / epoch


class Clock:
    """Virtual seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def now(self) -> float:
        return time.process_time() - self._began

    def skip_to(self, moment: float) -> None:
        self._began -= max(0.0, moment - self.now())


class SimulatedPool:
    """Slots whose epochs take their time on a clock, and nothing else."""

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

    def advance(self, slot: int, work: Work | None = None) -> None:
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
            return Progress(work.trial, finished=True)
        epoch = n_before + 1
        self._work[slot] = work, epoch
        self.n_epochs += 1
        value = loss(work.params, epoch)
        metrics = {"loss": value, "accuracy": 1 / value, "val_loss": value, "rate": 0.1}
        return Progress(work.trial, (EpochRecord(epoch, metrics, EPOCH_S, EPOCH_S),))


def train(*_: object) -> Any:
    raise NotImplementedError("the pool simulates it")


def measure(n_trials: int, n_slots: int) -> dict[str, float]:
    """Drives a study to its end; returns what it took."""
    pruner = sweep.Asha(min_epochs=1, factor=3, max_epochs=EPOCHS)
    study = sweep.Study(
        name="scale", space=space, train=train, minimize="loss", trials=n_trials, pruner=pruner
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
            table = database.ensure("scale", minimize=True, attributes={})
            ledger = Ledger(study, table, CheckpointFolder(folder, "scale"))
            pool = SimulatedPool(min(n_slots, n_trials))
            began = time.process_time()
            with LiveStatus(Terminal(file=io.StringIO())) as status:
                Driver(study, ledger, Limits(), status).run(pool)
            seconds = time.process_time() - began
        size = (folder / "sweep.db").stat().st_size
    return {
        "trials": n_trials,
        "slots": n_slots,
        "busy": pool.trained_s / (pool.trained_s + pool.waited_s),
        "ms_per_epoch": 1000 * seconds / pool.n_epochs,
        "ms_per_trial": 1000 * seconds / n_trials,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "database": size / 2**20,
    }


COLUMNS = {
    "trials": ("Trials", "{:,}"),
    "slots": ("Slots", "{:,}"),
    "busy": ("Slots busy", "{:.1%}"),
    "ms_per_epoch": ("Driver, ms per epoch record", "{:.1f}"),
    "ms_per_trial": ("Driver, ms per trial", "{:.1f}"),
    "memory": ("Process, MiB", "{:.0f}"),
    "database": ("Database, MiB", "{:.1f}"),
}


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draws what a trial costs, and how busy slots are, over the number of trials."""
    figure, (cost, busy) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for slots in sorted({row["slots"] for row in rows}):
        of_slots = [row for row in rows if row["slots"] == slots]
        trials = [row["trials"] for row in of_slots]
        label = f"{slots:,} slot{'s' if slots > 1 else ''}"
        cost.plot(trials, [row["ms_per_trial"] for row in of_slots], "o-", label=label)
        busy.plot(trials, [100 * row["busy"] for row in of_slots], "o-")
    cost.set(xscale="log", xlabel="trials", ylabel="driver, ms of processor time per trial")
    cost.set_ylim(bottom=0)
    cost.legend(frameon=False)
    busy.set(xscale="log", xlabel="trials", ylabel="slots busy, %", ylim=(0, 103))
    plt.rcParams["svg.hashsalt"] = "scale"
    figure.savefig(path, metadata={"Date": None})


@click.command()
@click.option("--trials", type=int, multiple=True, default=(100, 1000, 10000, 20000))
@click.option("--slots", type=int, multiple=True, default=(1, 10, 100, 1000))
@click.option("--plot", type=Path, default=Path(__file__).with_suffix(".svg"))
def main(trials: tuple[int, ...], slots: tuple[int, ...], plot: Path) -> None:
    """Measures every number of trials on every number of slots."""
    print("|", " | ".join(title for title, _ in COLUMNS.values()), "|")
    print("|", " | ".join("--:" for _ in COLUMNS), "|")
    rows = []
    for n_slots in slots:
        for n_trials in trials:
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=spawn) as process:
                row = process.submit(measure, n_trials, n_slots).result()
            rows.append(row)
            cells = [form.format(row[key]) for key, (_, form) in COLUMNS.items()]
            print("|", " | ".join(cells), "|", flush=True)
    draw(rows, plot)


if __name__ == "__main__":
    main()
