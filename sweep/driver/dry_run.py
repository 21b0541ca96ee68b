"""This file tries a study's first trial in this process, before anything is started or written."""

import resource
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from sweep.errors import StudyError
from sweep.samplers.sampler import Sampler
from sweep.study.seeds import derive_seed
from sweep.study.space import as_dict
from sweep.study.study import Study
from sweep.study.user_code import guarded
from sweep.trials.domains import Params
from sweep.trials.records import EpochRecord
from sweep.workers.messages import Work
from sweep.workers.session import Session


@dataclass(frozen=True)
class DryRun:
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


def dry_run(study: Study, seconds: float) -> DryRun:
    """Runs trial 0 for about `seconds`, one epoch at least.

    Raises:
        StudyError: If the study breaks its contract, or the training raises or diverges.
    """
    probe(study)
    params = Sampler(study).ask(0).params
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
    return DryRun(
        params=params,
        load_seconds=load_seconds,
        epochs=epochs,
        seconds=sum(epoch.seconds for epoch in epochs),
        finished=finished,
        checkpoint_bytes=n_bytes,
        peak_bytes=peak if sys.platform == "darwin" else peak * 1024,
    )


N_PROBES = 8


def probe(study: Study) -> None:
    """Draws a few configurations on paper, so that a broken space is refused before it costs.

    Raises:
        StudyError: If the space raises, or returns no configuration.
    """
    sampling = Sampler(replace(study, duplicates="rerun"))
    for number in range(min(N_PROBES, sampling.limit or N_PROBES)):
        trial = sampling.ask(number)
        as_dict(guarded("space", partial(study.space, trial), study))
