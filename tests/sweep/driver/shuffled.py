"""Drives a study on slots that answer in random order and die, by a driver that dies too."""

import random
from contextlib import closing, suppress
from math import inf
from pathlib import Path

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.ledger import Ledger, open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.driver.progress import Event, Observer, Snapshot
from sweep.driver.verify.replay import other_suggestions
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import Ending, Failure, TrialRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Output, Progress, SlotLost, Work
from sweep.workers.pool import InlinePool
from sweep.workers.session import Session
from tests.lasting import lasting


class ShuffledPool:
    """So many slots in this process, which answer in random order and die now and then."""

    def __init__(self, study: sweep.Study, size: int, chance: random.Random, deaths: float) -> None:
        self.size = size
        self._chance, self._deaths = chance, deaths
        self._sessions = [Session(study, None, blas_threads=1) for _ in range(size)]
        self._asked: dict[int, tuple[Work | None, int | None]] = {}
        self._trials: dict[int, int] = {}

    @property
    def idle(self) -> list[int]:
        return [slot for slot in range(self.size) if slot not in self._trials]

    def worker(self, slot: int) -> Worker:
        return self._sessions[slot].worker()

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:
        if work is not None:
            self._trials[slot] = work.trial
        self._asked[slot] = work, pause_at

    def release(self, slot: int) -> None:
        del self._trials[slot]

    def kill(self, slot: int) -> None:
        del self._asked[slot]
        self.release(slot)

    def wait(self, _timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        slot = self._chance.choice(sorted(self._asked))
        asked = self._asked.pop(slot)
        if self._chance.random() < self._deaths:
            return [(slot, SlotLost(self._trials.pop(slot), Failure(Ending.LOST, "died")))]
        return [(slot, self._sessions[slot].advance(*asked))]

    def take_output(self) -> list[Output]:
        return []

    def close(self) -> None:
        while self._sessions:
            self._sessions.pop().close()


class DriverKilledError(Exception):
    pass


def drive(
    study: sweep.Study,
    folder: Path,
    slots: int,
    order: int,
    *,
    deaths: float = 0,
    kills: int = 0,
    observe: Observer = lambda *_: None,
) -> list[TrialRecord]:
    """Return the records of a study that was driven by so many slots, in an order of their own.

    Args:
        study: The study.
        folder: An empty folder of its own.
        slots: Number of slots.
        order: Seed of the order in which they answer.
        deaths: How likely a slot dies instead of answering.
        kills: How many times the driver is killed, each time after some more trials have ended.
        observe: Called on every change.
    """
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        lower = [goal.sign > 0 for goal in study.objectives]
        table = database.ensure(study.name, minimize=lower, attributes={})
        while True:
            ledger = open_ledger(study, table, LocalCheckpoints(folder, study.name))
            if not ledger.n_left:
                return table.trials()
            n_allowed = ledger.counts.n_ended + study.trials // (kills + 1) if kills else 10**9
            kills = max(0, kills - 1)

            def watch(snapshot: Snapshot, event: Event, n_allowed: int = n_allowed) -> None:
                observe(snapshot, event)
                if snapshot.counts.n_ended >= n_allowed:
                    raise DriverKilledError

            driver = Driver(study, ledger, Options(retries=99), watch)
            pool = ShuffledPool(study, slots, random.Random(order), deaths)
            with closing(pool), suppress(DriverKilledError):
                driver.run(pool)


def drive_here(study: sweep.Study, folder: Path, core_hours: float = inf) -> Ledger:
    """Return the ledger of a study that was driven in this process, one trial at a time."""
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=study.sign > 0, attributes={})
        ledger = open_ledger(study, table, LocalCheckpoints(folder, study.name), core_hours)
        with closing(InlinePool(study, None, blas_threads=1)) as pool:
            Driver(study, ledger, Options(), lambda *_: None).run(pool)
        return ledger


def check_one_table(study: sweep.Study, folder: Path, kills: int = 2) -> list[TrialRecord]:
    """Check that a deterministic study has one table, whatever dies, and that it replays.

    Args:
        study: The study.
        folder: An empty folder.
        kills: How often the driver of the second run is killed.

    Returns:
        The trials of a run on three slots, in which slots and the driver died.
    """
    tables = []
    for slots, n_kills, deaths in ((1, 0, 0.0), (3, kills, 0.1)):
        place = folder / f"{slots}-{n_kills}"
        place.mkdir()
        records = drive(study, place, slots, order=slots, kills=n_kills, deaths=deaths)
        tables.append(lasting(records))
        assert list(other_suggestions({0: study}, records)) == []
    assert tables[0] == tables[1]
    return records
