"""This file runs a study: the Python side of `python -m sweep run`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

from sweep.checkpoints.places import checkpoints_at
from sweep.checkpoints.store import Checkpoints
from sweep.driver import final as final_step
from sweep.driver.dry_run import probe
from sweep.driver.fingerprint import of_data
from sweep.driver.identity import check, check_space, identity, note_changes
from sweep.driver.ledger import Ledger
from sweep.driver.loop import Driver, Limits
from sweep.driver.observers import LogFile, both, with_callbacks
from sweep.driver.options import Options
from sweep.driver.progress import Observer
from sweep.driver.provenance import provenance
from sweep.errors import StorageError, SweepError
from sweep.reports.results import Run
from sweep.storage.database import Database
from sweep.storage.locations import note_storage, place_of_checkpoints, storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.storage.trial_table import TrialTable
from sweep.study.published import tables_as_json
from sweep.study.study import Final, Study
from sweep.study.user_code import guarded
from sweep.trials.records import TrialRecord, best_of, final_of
from sweep.workers.pool import InlinePool, Pool


def run(study: Study, options: Options | None = None, observer: Observer | None = None) -> Run:
    """Brings a study to its full number of trials and carries out its final step.

    The first time this makes the run directory, later it goes on where that stands, and when
    everything is done it changes nothing.

    Args:
        study: What to vary and how to train.
        options: Where and with what.
        observer: Is called on every change; see `sweep.snapshot.Observer`.

    Returns:
        The run, complete unless `options.hours` ran out.

    Raises:
        StudyError: If the study breaks its contract; if that shows before the first epoch, the
            run leaves no trace.
        RunError: If the directory belongs to another study, or another driver is at work in it.
        StorageError: If the disk or the database refuses.
    """
    from sweep.reports import (
        write as report,  # and with it matplotlib, half a second that workers do not need
    )

    options = options or Options()
    observer = observer or (lambda _snapshot, _ended: None)
    probe(study)
    directory = RunDirectory(options.runs / (options.name or study.name))
    storage = storage_of(directory, options.storage)
    is_new = not directory.exists
    directory.create()
    with directory.locked():
        note_storage(directory, storage)
        conductor = Conductor(study, directory, options, observer)
        try:
            conductor.work()
        except SweepError:
            if is_new and not conductor.has_trained:
                directory.remove()
            raise
        finished = Run(directory.path, options.storage)
        report.write(finished)
    return finished


PoolMaker = Callable[[Study, Any, int], Pool]
"""(study, data, how many slots can be of use) -> a pool."""


class Conductor:
    """Brings one run as far as its options allow."""

    def __init__(
        self, study: Study, directory: RunDirectory, options: Options, observer: Observer
    ) -> None:
        self._study = study
        self._directory = directory
        self._options = options
        told = both(LogFile(directory.logs / "run.log"), observer)
        self._observer = with_callbacks(study.callbacks, told)
        self._ledgers: list[Ledger] = []
        self._place = ""

    @property
    def has_trained(self) -> bool:
        """Whether anything is on record that could be lost."""
        return any(record.epochs for ledger in self._ledgers for record in ledger.records)

    def work(self) -> None:
        """Does the search, then the final step."""
        study = self._study
        with self._database() as database:
            table = _open(database, study, accept_changes=self._options.accept_changes)
            run, url = self._directory.path.name, self._options.checkpoints
            self._place = place_of_checkpoints(table, url, run)
            with pools(self._options) as make_pool:
                search = Ledger(study, table, self._checkpoints(study))
                self._drive(study, table, search, make_pool)
                best = best_of(study.sign, search.records)
                if search.n_left or best is None or study.final is None:
                    return
                finals = final_step.table_of(study, database)
                last = final_step.final_study(study, study.final, best.params, finals.trials())
                ledger = Ledger(last, finals, self._checkpoints(last))
                self._drive(last, finals, ledger, make_pool)
            trained = final_of(best.params, finals.trials())
            if trained is not None:
                self._evaluate(last, study.final, trained, finals)

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """The database, to write; a failure before any training leaves nothing new in it."""
        storage = storage_of(self._directory, self._options.storage)
        with closing(Database(storage, drives=True)) as database:
            is_new = not database.studies()
            try:
                yield database
            except SweepError:
                if is_new and not self.has_trained:
                    with suppress(StorageError):
                        database.clear()
                raise

    def _drive(self, study: Study, table: TrialTable, ledger: Ledger, make_pool: PoolMaker) -> None:
        self._ledgers.append(ledger)
        if not ledger.n_left:
            return
        options = self._options
        limits = Limits(options.hours, options.retries, options.trial_timeout)
        data = guarded("data", study.data, study) if study.data else None
        self._check_data(data, table, len(ledger.records))
        n_useful = ledger.order.n_useful_slots(ledger.n_left)
        with closing(make_pool(study, data, n_useful)) as pool:
            Driver(study, ledger, limits, self._observer).run(pool)

    def _check_data(self, data: Any, table: TrialTable, n_trials: int) -> None:
        """Refuses data other than on record; the first that a study trains on are put there."""
        recorded, now = table.attributes(), {"data": of_data(data)}
        if "data" not in recorded:
            table.set_attribute("data", now["data"])
            return
        accept = self._options.accept_changes
        note_changes(table, n_trials, recorded, check(now, recorded, accept_changes=accept))

    def _evaluate(self, last: Study, final: Final, trained: TrialRecord, table: TrialTable) -> None:
        checkpoints = self._checkpoints(last)
        guarded(
            "final",
            lambda: final_step.evaluate(last, final, trained, table, checkpoints),
            self._study,
        )

    def _checkpoints(self, study: Study) -> Checkpoints:
        return checkpoints_at(self._place, self._directory.checkpoints, study.name)


def _open(database: Database, study: Study, *, accept_changes: bool) -> TrialTable:
    """The study's table: a new one, or the one there is if it was made for the same study."""
    names = database.studies()
    about = identity(study) | {"file": study.file, "provenance": provenance()}
    name = names[0] if names else study.name
    table = database.ensure(name, minimize=study.sign > 0, attributes=about)
    recorded, records = table.attributes(), table.trials()
    check_space(study, records)
    changed = check(identity(study), recorded, accept_changes=accept_changes)
    note_changes(table, len(records), recorded, changed)
    tables = tables_as_json(study.tables)
    if recorded.get("tables", []) != tables:  # how to show it, which may change at any time
        table.set_attribute("tables", tables)
    return table


@contextmanager
def pools(options: Options) -> Iterator[PoolMaker]:
    """Gives a maker of pools; Ray is started by its first call and ended on leaving."""
    if options.pool == "inline":
        yield lambda study, data, _: InlinePool(study, data, options.cpus_per_slot)
        return
    with ExitStack() as stack:
        clusters: list[Any] = []

        def make_pool(study: Study, data: Any, useful: int) -> Pool:
            from sweep.workers.ray import cluster as ray_cluster
            from sweep.workers.ray import (
                pool as ray_pool,  # half a second, for nothing if all is done
            )

            if not clusters:
                follows = options.slots == "max" and options.address != "local"
                cluster = ray_cluster.cluster(
                    options.address,
                    None if follows else options.n_slots,
                    options.cpus_per_slot,
                    options.memory_bytes,
                )
                clusters.append(stack.enter_context(cluster))
            return ray_pool.RayPool(clusters[0], study, data, useful)

        yield make_pool
