"""Runs a study from beginning to end: the Python side of `python -m sweep run`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sweep.checkpoints.places import checkpoints_at
from sweep.checkpoints.store import Checkpoints
from sweep.display.status import status
from sweep.display.terminal import relative
from sweep.driver import final as final_step
from sweep.driver.dry_run import probe
from sweep.driver.identity import check_space, settle
from sweep.driver.ledger import Ledger, open_ledger
from sweep.driver.loop import Driver
from sweep.driver.observers import LogFile, OutputFiles, all_of, calling_back
from sweep.driver.options import Options
from sweep.driver.pools import Pools
from sweep.driver.progress import Observer
from sweep.driver.provenance import command, provenance
from sweep.errors import StorageError, StudyError, SweepError
from sweep.reports.results import Run
from sweep.reports.write import write
from sweep.storage.database import Database
from sweep.storage.locations import note_storage, place_of_checkpoints, storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.storage.trial_table import TrialTable
from sweep.study.fields import identity
from sweep.study.fingerprint import of_data
from sweep.study.functions.parts import note_own_changes
from sweep.study.published import tables_as_json
from sweep.study.study import Study
from sweep.study.study_module import is_loading
from sweep.study.user_code import guarded
from sweep.text import short
from sweep.trials.records import best_of, final_of, n_ended
from sweep.trials.worker import to_kernel
from sweep.workers.process.kernel_check import check_drawing, check_here

INTERRUPTED = "interrupted: run the same again to resume; no finished work is lost"


def run(
    study: Study,
    options: Options | None = None,
    observer: Observer | None = None,
    *,
    progress: bool = True,
) -> Run:
    """Run a study until all its trials have ended, then carry out its final step.

    The first call creates the run directory, later ones resume. Once everything is done, another
    call changes nothing.

    Args:
        study: What to vary and how to train.
        options: Where and on what to run it.
        observer: Called on every change; see `sweep.driver.progress.Observer`. It replaces what is
            shown without one.
        progress: Whether to show the progress: in a notebook below the cell, on a terminal as the
            command line does, elsewhere as a line on standard error for each trial that ends.

    Returns:
        The run, complete unless `options.hours` ran out.

    Raises:
        StudyError: If the study breaks its contract. If that happens before the first epoch, the
            run leaves no trace. Also if a study file calls this while it is being loaded.
        RunError: If the directory belongs to another study, or another driver uses it; or if slots
            of a deterministic study have different kernels.
        OptionError: If slots cannot have the kernel that `options` name.
        StorageError: If the database or the disk fails.
        KeyboardInterrupt: If it is interrupted; another call resumes.
    """
    if is_loading():
        raise StudyError(
            "run: expected a study file that only declares its study, got one that also runs it; "
            'put that call below `if __name__ == "__main__":`, or run the file with python'
        )
    try:
        with status(shown=progress and observer is None) as shown:
            finished = _run(study, options or Options(), observer or shown)
            shown.end(_result(finished))
    except SweepError as error:
        raise error.with_traceback(None)  # noqa: B904 - users need its message, not our frames
    except KeyboardInterrupt:
        raise KeyboardInterrupt(INTERRUPTED) from None
    return finished


def _run(study: Study, options: Options, observer: Observer) -> Run:
    declared = identity(study)  # before anything of the study is called
    if options.pool == "inline":
        check_here(options.blas_kernel, command())
    probe(study)
    directory = RunDirectory(options.runs / (options.name or study.name))
    storage = storage_of(directory, options.storage)
    is_new = not directory.exists
    directory.create()
    with directory.locked():
        note_storage(directory, storage)
        runner = Runner(study, directory, options, observer)
        try:
            runner.work(declared)
        except SweepError:
            if is_new and not runner.has_trained:
                directory.remove()
            raise
        finally:
            note_own_changes(study, declared["functions"])
        finished = Run(directory.path, options.storage)
        finished.n_trials = runner.n_trials
        write(finished)
    return finished


def _result(run: Run) -> str:
    """Return how a run ended, in one line."""
    best = run.best
    score = f"best {run.metric} {short(best.score)} (trial {best.number})" if best else "no score"
    done = f"{n_ended(run.records)} of {run.n_trials} trials have ended"
    return f"{run.name}: {score}; {done}: {relative(run.directory.path)}/report.html"


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
        study = self._study
        with self._database() as database:
            table = _open(database, study, declared, accept_changes=self._options.accept_changes)
            name = self._directory.path.name
            self._place = place_of_checkpoints(table, self._options.checkpoints, name)
            with closing(Pools(self._options)) as pools:
                search = self._drive(study, table, pools)
                best = best_of(study.sign, search.records)
                if search.n_left or best is None or study.final is None:
                    return
                finals = final_step.final_table(study, database)
                last = final_step.final_study(study, study.final, best.params, finals.trials())
                trainings = self._drive(last, finals, pools)
            trained = final_of(best.params, trainings.records)
            if trained is not None:
                about = last, study.final, trained, finals, self._checkpoints(last)
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

    def _drive(self, study: Study, table: TrialTable, pools: Pools) -> Ledger:
        """Train until all trials of a study have ended or the time is up."""
        ledger = open_ledger(study, table, self._checkpoints(study))
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
    database: Database, study: Study, now: dict[str, Any], *, accept_changes: bool
) -> TrialTable:
    """Return the study's table: a new one, or the existing one if it is of the same study."""
    names = database.studies()
    about = now | {"file": study.file, "provenance": provenance()}
    name = names[0] if names else study.name
    table = database.ensure(name, minimize=study.sign > 0, attributes=about)
    records, tables = table.trials(), tables_as_json(study.tables)
    check_space(study, records)
    settle(table, now, len(records), accept_changes=accept_changes)
    if table.attributes().get("tables", []) != tables:  # presentation may always change
        table.set_attribute("tables", tables)
    return table
