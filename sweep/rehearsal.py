"""This file tries a study's first trial in this process, before anything is started or written."""

import resource
import sys
import time
from contextlib import closing
from dataclasses import dataclass

from sweep.domains import Params
from sweep.errors import StudyError
from sweep.identity import probe
from sweep.loading import guarded
from sweep.records import EpochRecord, Work
from sweep.sampling import Sampling
from sweep.seeds import derive_seed
from sweep.study import Study
from sweep.worker import Session


@dataclass(frozen=True)
class Rehearsal:
    """What the first trial did in the time it was given.

    Attributes:
        load_seconds: What loading the data took.
        seconds: What the epochs took together.
        finished: Whether they were all of them.
        checkpoint_bytes: Size of the state to continue from; 0 if there was none.
        peak_bytes: Most memory that this process has had.
    """

    params: Params
    load_seconds: float
    epochs: list[EpochRecord]
    seconds: float
    finished: bool
    checkpoint_bytes: int
    peak_bytes: int


def rehearse(study: Study, seconds: float) -> Rehearsal:
    """Runs trial 0 for about `seconds`, one epoch at least.

    Raises:
        StudyError: If the study breaks its contract, or the training raises or diverges.
    """
    probe(study)
    params = Sampling(study).ask(0).params
    began = time.monotonic()
    data = guarded("data", study.data, study) if study.data else None
    load_seconds = time.monotonic() - began
    work: Work | None = Work(0, params, derive_seed(study.seed, study.name, 0))
    epochs: list[EpochRecord] = []
    n_bytes, finished = 0, False
    with closing(Session(study, data, blas_threads=1)) as session:
        while not finished and (not epochs or sum(e.seconds for e in epochs) < seconds):
            progress = session.advance(work)
            work = None
            if progress.complaint:
                raise StudyError(progress.complaint)
            if progress.failure is not None:
                raise StudyError(
                    f"train: expected trial 0 to train, got {progress.failure.message}; "
                    f"mend the study\n{progress.failure.traceback}"
                )
            epochs += progress.epochs
            n_bytes = max(n_bytes, len(progress.checkpoint or b""))
            finished = progress.finished
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Rehearsal(
        params=params,
        load_seconds=load_seconds,
        epochs=epochs,
        seconds=sum(epoch.seconds for epoch in epochs),
        finished=finished,
        checkpoint_bytes=n_bytes,
        peak_bytes=peak if sys.platform == "darwin" else peak * 1024,
    )
