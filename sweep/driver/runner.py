"""The search, the runoff, the final step: puts database, checkpoints, pool and driver together."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from math import inf
from typing import Any

from sweep.checkpoints.places import checkpoints_at
from sweep.checkpoints.store import Checkpoints
from sweep.driver import final as final_step
from sweep.driver.earlier.space_changes import settle_space
from sweep.driver.earlier.warm_start import record_warm_start
from sweep.driver.identity import check, settle
from sweep.driver.ledger import Ledger, open_ledger
from sweep.driver.loop import Driver
from sweep.driver.observers import LogFile, OutputFiles, all_of, calling_back
from sweep.driver.options import Options
from sweep.driver.pools import Pools
from sweep.driver.progress import Observer
from sweep.driver.provenance import provenance
from sweep.driver.runoff import runoff_study, runoff_table
from sweep.errors import StorageError, SweepError
from sweep.storage.database import Database
from sweep.storage.locations import place_of_checkpoints, storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.storage.trial_table import TrialTable
from sweep.study.code.fingerprint import of_data
from sweep.study.code.user_code import guarded
from sweep.study.final import Final
from sweep.study.limits import limits_as_json
from sweep.study.published import tables_as_json
from sweep.study.sampler import as_begun, reason, sampler_name
from sweep.study.scoring import choice_record, chosen_by_study
from sweep.study.study import Study
from sweep.study.translation import all_now
from sweep.trials.ranking import finalists, trainings_of, winner
from sweep.trials.records import TrialRecord
from sweep.trials.worker import to_kernel
from sweep.workers.process.kernel_check import check_drawing


class Runner:
    """Puts database, checkpoints, pool and driver together: for the search, then the final step."""

    def __init__(
        self, study: Study, directory: RunDirectory, options: Options, observer: Observer
    ) -> None:
        self._study = study
        self._directory = directory
        self._options = options
        log = all_of(LogFile(directory.logs / "run.log"), observer)
        watched = all_of(OutputFiles(directory, study.name, log), log)
        self._observer = all_of(watched, calling_back(study.callbacks, watched))
        self._ledgers: list[Ledger] = []
        self._place = ""

    @property
    def n_trials(self) -> int:
        """Number of trials of the search that there will be in the end."""
        return self._ledgers[0].n_trials

    @property
    def has_trained(self) -> bool:
        """Whether any epoch is recorded that could be lost."""
        return any(record.epochs for ledger in self._ledgers for record in ledger.records)

    def work(self, declared: dict[str, Any]) -> None:
        """Carry out the search, then the final step.

        Args:
            declared: The study's identity.
        """
        with self._database() as database:
            table, study = _open(database, self._study, declared, self._options)
            self._study = study
            name = self._directory.path.name
            limits = limits_as_json(study.trials, study.stop_rules, self._options.core_hours)
            _note(table, "limits", limits)
            self._place = place_of_checkpoints(table, self._options.checkpoints, name)
            with closing(Pools(self._options)) as pools:
                search = self._drive(study, table, pools, self._options.core_hours)
                if search.n_left or study.final is None:
                    return
                chosen = self._chosen(study.final, table, database, pools)
                if chosen is not None:
                    self._finish(study.final, chosen, database, pools)

    def _chosen(
        self, final: Final, search: TrialTable, database: Database, pools: Pools
    ) -> TrialRecord | None:
        """Return the trial to train on the final data: the best, after a runoff if there is one.

        Of several objectives, it is the one that the study's rule chooses.

        None if no trial has a score, or the runoff has no winner.
        """
        study, trainings, records = self._study, [], self._ledgers[0].records
        best = finalists(records, study.sign, final.runoff)
        if len(study.objectives) > 1:
            pick = chosen_by_study(study, records)
            best = [] if pick is None else [pick]
            _note(search, "chosen", choice_record(best, len(records)))
        best = all_now(study, best)
        table = runoff_table(study, final, database)
        if table is not None and best[1:]:
            runoff = runoff_study(study, final, best, all_now(study, table.trials()))
            trainings = all_now(study, self._drive(runoff, table, pools).records)
        return winner(best, trainings, final.runoff_repeats, study.sign)

    def _finish(self, final: Final, chosen: TrialRecord, database: Database, pools: Pools) -> None:
        """Carry out the final trainings; evaluate them once all are complete."""
        study = self._study
        table = final_step.final_table(study, final, database)
        last = final_step.final_study(study, final, chosen.params, all_now(study, table.trials()))
        trained = trainings_of(chosen, all_now(study, self._drive(last, table, pools).records))
        if len(trained) >= final.repeats:
            about = last, final, trained, table, self._checkpoints(last)
            guarded("evaluate", lambda: final_step.evaluate(*about), study)

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """Open the database to write; a failure before any training leaves nothing new in it."""
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

    def _drive(
        self, study: Study, table: TrialTable, pools: Pools, core_hours: float = inf
    ) -> Ledger:
        """Train until all trials of a study have ended or the time is up."""
        ledger = open_ledger(study, table, self._checkpoints(study), core_hours)
        self._ledgers.append(ledger)
        if ledger.n_left:
            if study.deterministic and not self._options.accept_changes:
                check_drawing(to_kernel(table.attributes().get("provenance", {}).get("kernel")))
            data = guarded("data", study.data, study) if study.data else None
            self._check_data(data, table, len(ledger.records))
            pool = pools.open(study, data, ledger.n_useful_slots)
            Driver(study, ledger, self._options, self._observer).run(pool)
        return ledger

    def _check_data(self, data: Any, table: TrialTable, n_trials: int) -> None:
        """Refuse data other than those recorded; record the first that a study trains on."""
        now = {"data": of_data(data)}
        settle(table, now, n_trials, accept_changes=self._options.accept_changes)

    def _checkpoints(self, study: Study) -> Checkpoints:
        return checkpoints_at(self._place, self._directory.checkpoints, study.name)


def _open(
    database: Database, study: Study, now: dict[str, Any], options: Options
) -> tuple[TrialTable, Study]:
    """Return the table of a study, and the study with the sampler that the run began with.

    The table is a new one, or the existing one if it is of the same study.
    """
    names = database.studies()
    about = now | {"file": study.file, "provenance": provenance()}
    name = names[0] if names else study.name
    lower = [goal.sign > 0 for goal in study.objectives]
    table = database.ensure(name, minimize=lower, attributes=about)
    begun = as_begun(study, table.attributes())
    why = reason(study) if now["sampler"] == sampler_name(begun) else ""
    now = now | {"sampler": sampler_name(begun)}
    records = table.trials()
    settle_space(study, table, records, accept_changes=options.accept_changes)
    check(now, table.attributes(), accept_changes=options.accept_changes)
    record_warm_start(study, table, options.runs)
    settle(table, now, len(records), accept_changes=options.accept_changes)
    _note(table, "tables", tables_as_json(study.tables))  # presentation may always change
    _note(table, "auto", why)
    return table, begun


def _note(table: TrialTable, key: str, value: Any) -> None:
    """Record a value of the latest call, unless it is on record."""
    if table.attributes().get(key, []) != value:
        table.set_attribute(key, value)
