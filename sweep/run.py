"""This file runs a study: the Python side of `python -m sweep run`."""

from sweep.conductor import Conductor
from sweep.errors import SweepError
from sweep.folder import RunFolder
from sweep.identity import probe
from sweep.options import Options
from sweep.results import Run
from sweep.snapshot import Observer
from sweep.storage import note_storage, storage_of
from sweep.study import Study


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
    from sweep import report  # and with it matplotlib, half a second that workers do not need

    options = options or Options()
    observer = observer or (lambda _snapshot, _ended: None)
    probe(study)
    folder = RunFolder(options.runs / (options.name or study.name))
    storage = storage_of(folder, options.storage)
    is_new = not folder.exists
    folder.create()
    with folder.locked():
        note_storage(folder, storage)
        conductor = Conductor(study, folder, options, observer)
        try:
            conductor.work()
        except SweepError:
            if is_new and not conductor.has_trained:
                folder.remove()
            raise
        finished = Run(folder.path, options.storage)
        report.write(finished)
    return finished
