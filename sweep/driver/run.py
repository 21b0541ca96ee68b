"""Runs a study from beginning to end: the Python side of `python -m sweep run`."""

from sweep.display.status import status
from sweep.display.terminal import relative
from sweep.driver.options import Options
from sweep.driver.progress import Observer
from sweep.driver.provenance import command
from sweep.driver.runner import Runner
from sweep.driver.verify.dry_run import probe
from sweep.errors import StudyError, SweepError
from sweep.reports.finals import winner_text
from sweep.reports.results import Run
from sweep.reports.write import write
from sweep.storage.locations import note_storage, storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.study.code.functions.parts import note_own_changes
from sweep.study.code.study_module import is_loading
from sweep.study.fields import identity
from sweep.study.study import Study
from sweep.trials.ranking import n_ended
from sweep.workers.process.kernel_check import check_here

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
    outcome = run.outcome + (f"; runoff: {chosen}" if (chosen := winner_text(run)) else "")
    done = f"{n_ended(run.records)} of {run.n_trials} trials have ended"
    limits = run.limits
    over = limits.reason() if n_ended(run.records) == run.n_trials else ""
    told = [f"the search is over, {over}"] if over else limits.left()
    done = "; ".join([done, *told])
    return f"{run.name}: {outcome}; {done}: {relative(run.directory.path)}/report.html"
