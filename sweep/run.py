"""This file carries out a run: it puts study, database, pool and driver together."""

import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sweep import final as final_step
from sweep import report
from sweep.database import Database, StudyTable
from sweep.driver import Driver, Limits, Observer, Snapshot, best_of
from sweep.errors import OptionError, RunError, StorageError, StudyError
from sweep.folder import CheckpointFolder, RunFolder
from sweep.identity import check_identity, check_space, identity, probe
from sweep.loading import guarded
from sweep.logbook import Logbook
from sweep.pool import InlinePool, Pool
from sweep.provenance import n_cpus, provenance
from sweep.records import TrialRecord
from sweep.results import Run
from sweep.study import Final, Study

PoolMaker = Callable[[Study, Any, int], Pool]
"""(study, data, how many slots can be of use) -> a pool."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a study is run; nothing here changes what its trials compute.

    Attributes:
        runs: The directory that holds run directories.
        name: Of the run directory; the study's name if empty.
        slots: How many trials at a time; as many as the cores allow if None.
        cpus_per_slot: Cores, and BLAS threads, of each.
        pool: "ray", or "inline" for one trial at a time in this process.
        address: "local" starts Ray on this machine; "auto" joins the cluster this is part of.
        hours: No longer than this; the same command continues.
        retries: How often a trial is tried again whose process died.

    Raises:
        OptionError: If a value is not what its line above says.
    """

    runs: Path = Path("runs")
    name: str = ""
    slots: int | None = None
    cpus_per_slot: int = 1
    pool: Literal["ray", "inline"] = "ray"
    address: str = "local"
    hours: float = math.inf
    retries: int = 2

    def __post_init__(self) -> None:
        for law, holds, value in (
            ("slots >= 1", self.slots is None or self.slots >= 1, self.slots),
            ("cpus_per_slot >= 1", self.cpus_per_slot >= 1, self.cpus_per_slot),
            ("pool 'ray' or 'inline'", self.pool in ("ray", "inline"), self.pool),
            ("address 'local' or 'auto'", self.address in ("local", "auto"), self.address),
            ("hours > 0", self.hours > 0, self.hours),
            ("retries >= 0", self.retries >= 0, self.retries),
        ):
            if not holds:
                raise OptionError(f"run: expected {law}, got {value!r}")

    @property
    def n_slots(self) -> int:
        """How many trials run at a time."""
        return self.slots or max(1, n_cpus() // self.cpus_per_slot)


def run(study: Study, options: Options | None = None, observer: Observer | None = None) -> Run:
    """Brings a study to its full number of trials and carries out its final step.

    The first time this makes the run directory, later it goes on where that stands, and when
    everything is done it changes nothing.

    Args:
        study: What to vary and how to train.
        options: Where and with what.
        observer: Is called on every change; see `sweep.driver.Observer`.

    Returns:
        The run, complete unless `options.hours` ran out.

    Raises:
        StudyError: If the study breaks its contract; if that shows before the first epoch, the
            run leaves no trace.
        RunError: If the directory belongs to another study, or another driver is at work in it.
        StorageError: If the disk refuses.
    """
    options = options or Options()
    observer = observer or (lambda _snapshot, _ended: None)
    probe(study)
    folder = RunFolder(options.runs / (options.name or study.name))
    is_new = not folder.exists
    folder.create()
    with folder.locked():
        try:
            _work(study, folder, options, observer)
        except (StudyError, StorageError):
            if is_new and not _has_epochs(folder):
                folder.remove()
            raise
        finished = Run(folder.path)
        report.write(finished)
    return finished


def _work(study: Study, folder: RunFolder, options: Options, observer: Observer) -> None:
    """The search, then the final step, as far as the options allow."""
    with closing(Database(folder.database)) as database, _slots(options) as make_pool:
        table = _open(database, study)
        conductor = _Conductor(folder, options, observer, make_pool)
        driver = conductor.drive(study, table)
        if driver.done and study.final is not None:
            finals = final_step.table_of(study, database)
            conductor.finish(study, study.final, driver, finals)


def _has_epochs(folder: RunFolder) -> bool:
    """Whether anything was trained in this run that could be lost."""
    try:
        return any(record.epochs for record in Run(folder.path).records)
    except (RunError, StorageError, ValueError):
        return False  # the database was not even made


class _Conductor:
    """Drives the studies of one run: the search, then the final training."""

    def __init__(
        self, folder: RunFolder, options: Options, observer: Observer, make_pool: PoolMaker
    ) -> None:
        self._folder = folder
        self._limits = Limits(options.hours, options.retries)
        self._observer = _both(Logbook(folder.logs / "run.log"), observer)
        self._make_pool = make_pool

    def drive(self, study: Study, table: StudyTable) -> Driver:
        """Brings one study as far as the limits allow."""
        driver = Driver(study, table, self._checkpoints(study), self._limits, self._observer)
        if not driver.done:
            data = guarded("data", study.data, study) if study.data else None
            with closing(self._make_pool(study, data, driver.n_left)) as pool:
                driver.run(pool)
        return driver

    def finish(self, study: Study, final: Final, driver: Driver, table: StudyTable) -> None:
        """Trains the best configuration again, and evaluates it on the test set."""
        best = best_of(study.sign, driver.records)
        if best is None:
            return
        last = final_step.final_study(study, final, best.params, table.trials())
        self.drive(last, table)
        trained = final_step.final_of(best.params, table.trials())
        if trained is not None:
            checkpoints = self._checkpoints(last)
            guarded(
                "final",
                lambda: final_step.evaluate(last, final, trained, table, checkpoints),
                study,
            )

    def _checkpoints(self, study: Study) -> CheckpointFolder:
        return CheckpointFolder(self._folder.checkpoints, study.name)


def _both(first: Observer, second: Observer) -> Observer:
    def observer(snapshot: Snapshot, ended: TrialRecord | None) -> None:
        first(snapshot, ended)
        second(snapshot, ended)

    return observer


def _open(database: Database, study: Study) -> StudyTable:
    """The study's table: a new one, or the one there is if it was made for the same study."""
    names = database.studies()
    if not names:
        about = identity(study) | {"provenance": provenance()}
        return database.create(study.name, minimize=study.sign > 0, attributes=about)
    table = database.study(names[0])
    check_identity(study, table.attributes())
    check_space(study, table.trials())
    return table


@contextmanager
def _slots(options: Options) -> Iterator[PoolMaker]:
    """Gives a maker of pools; Ray is started by its first call and ended on leaving."""
    if options.pool == "inline":
        yield lambda study, data, _: InlinePool(study, data, options.cpus_per_slot)
        return
    from sweep import ray_pool  # costs half a second, and is not always needed

    with ray_pool.cluster(options.address, options.n_slots, options.cpus_per_slot) as cluster:
        yield lambda study, data, useful: ray_pool.RayPool(
            cluster, study, data, min(useful, options.n_slots)
        )
