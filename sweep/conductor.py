"""This file puts a run together: database, pool and driver; the search, then the final step."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

from sweep import final as final_step
from sweep.checkpoint_folder import Checkpoints
from sweep.database import Database
from sweep.driver import Driver, Limits
from sweep.errors import StorageError, SweepError
from sweep.fingerprint import of_data
from sweep.folder import RunFolder
from sweep.identity import EARLIER, check, check_space, identity
from sweep.ledger import Ledger
from sweep.loading import guarded
from sweep.logbook import Logbook
from sweep.options import Options
from sweep.pool import InlinePool, Pool
from sweep.presentation import plain
from sweep.provenance import provenance
from sweep.records import TrialRecord
from sweep.snapshot import Observer, Snapshot, best_of
from sweep.storage import checkpoints_at, place_of_checkpoints, storage_of
from sweep.study import Callback, Final, Study
from sweep.study_table import StudyTable

PoolMaker = Callable[[Study, Any, int], Pool]
"""(study, data, how many slots can be of use) -> a pool."""


class Conductor:
    """Brings one run as far as its options allow."""

    def __init__(
        self, study: Study, folder: RunFolder, options: Options, observer: Observer
    ) -> None:
        self._study = study
        self._folder = folder
        self._options = options
        told = _both(Logbook(folder.logs / "run.log"), observer)
        self._observer = _with_callbacks(study.callbacks, told)
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
            run, url = self._folder.path.name, self._options.checkpoints
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
            trained = final_step.final_of(best.params, finals.trials())
            if trained is not None:
                self._evaluate(last, study.final, trained, finals)

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """The database, to write; a failure before any training leaves nothing new in it."""
        storage = storage_of(self._folder, self._options.storage)
        with closing(Database(storage, drives=True)) as database:
            is_new = not database.studies()
            try:
                yield database
            except SweepError:
                if is_new and not self.has_trained:
                    with suppress(StorageError):
                        database.clear()
                raise

    def _drive(self, study: Study, table: StudyTable, ledger: Ledger, make_pool: PoolMaker) -> None:
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

    def _check_data(self, data: Any, table: StudyTable, n_trials: int) -> None:
        """Refuses data other than on record; the first that a study trains on are put there."""
        recorded, now = table.attributes(), {"data": of_data(data)}
        if "data" not in recorded:
            table.set_attribute("data", now["data"])
            return
        accept = self._options.accept_changes
        _note_changes(table, n_trials, recorded, check(now, recorded, accept_changes=accept))

    def _evaluate(self, last: Study, final: Final, trained: TrialRecord, table: StudyTable) -> None:
        folder = self._checkpoints(last)
        guarded(
            "final",
            lambda: final_step.evaluate(last, final, trained, table, folder),
            self._study,
        )

    def _checkpoints(self, study: Study) -> Checkpoints:
        return checkpoints_at(self._place, self._folder, study.name)


def _both(first: Observer, second: Observer) -> Observer:
    def observer(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        first(snapshot, event)
        second(snapshot, event)

    return observer


def _with_callbacks(callbacks: Sequence[Callback], observer: Observer) -> Observer:
    """An observer that also calls the study's own; one of these that fails is told, not fatal."""

    def observe(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        observer(snapshot, event)
        if not isinstance(event, TrialRecord):
            return
        for callback in callbacks:
            try:
                callback(snapshot.study.name, event)
            except Exception as error:  # noqa: BLE001 - whatever theirs is, our run goes on
                name = getattr(callback, "__name__", None) or repr(callback)
                words = f"trial {event.number}: callback {name}: {type(error).__name__}: {error}"
                observer(snapshot, words)

    return observe


def _open(database: Database, study: Study, *, accept_changes: bool) -> StudyTable:
    """The study's table: a new one, or the one there is if it was made for the same study."""
    names = database.studies()
    about = identity(study) | {"file": study.file, "provenance": provenance()}
    name = names[0] if names else study.name
    table = database.ensure(name, minimize=study.sign > 0, attributes=about)
    recorded, records = table.attributes(), table.trials()
    check_space(study, records)
    changed = check(identity(study), recorded, accept_changes=accept_changes)
    _note_changes(table, len(records), recorded, changed)
    tables = plain(study.tables)
    if recorded.get("tables", []) != tables:  # how to show it, which may change at any time
        table.set_attribute("tables", tables)
    return table


def _note_changes(
    table: StudyTable, n_trials: int, recorded: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Keeps what has changed, and from which trial on."""
    if not changed:
        return
    before = {key: (EARLIER | recorded).get(key) for key in changed}
    change = {"from_trial": n_trials, "before": before, "after": changed}
    table.set_attribute("changes", [*recorded.get("changes", []), change])
    for key, value in changed.items():
        table.set_attribute(key, value)


@contextmanager
def pools(options: Options) -> Iterator[PoolMaker]:
    """Gives a maker of pools; Ray is started by its first call and ended on leaving."""
    if options.pool == "inline":
        yield lambda study, data, _: InlinePool(study, data, options.cpus_per_slot)
        return
    with ExitStack() as stack:
        clusters: list[Any] = []

        def make_pool(study: Study, data: Any, useful: int) -> Pool:
            from sweep import ray_cluster, ray_pool  # half a second, for nothing if all is done

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
