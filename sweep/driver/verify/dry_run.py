"""Tries a study in this process before anything is started or written."""

import math
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from sweep.errors import StudyError
from sweep.samplers.grid.walk import Walk
from sweep.samplers.sampler import Sampler
from sweep.study.code.user_code import ForStudies, guarded
from sweep.study.seeds import derive_seed
from sweep.study.space import Kinds, Trial, as_dict
from sweep.study.study import Study
from sweep.trials.domains import Categorical, Domain, Float, Params, Value
from sweep.trials.records import EpochRecord
from sweep.workers.data import as_loaded
from sweep.workers.messages import Work
from sweep.workers.pickling import sent
from sweep.workers.session import Session

N_BRANCHES = 64
"""Configurations tried before a run: enough to reach all branches of most conditional spaces."""

N_PROBES = 8
"""Further ones, drawn as in the run."""

N_SAMPLES = 8
"""Values of a range that are tried."""


@dataclass(frozen=True)
class DryRun:
    """What the first trial did in the time it was given.

    Attributes:
        params: Its parameters.
        load_seconds: Time that loading the data took.
        epochs: Its epochs.
        seconds: Time that the epochs took together.
        finished: Whether the training ended within that time.
        checkpoint_bytes: Size of its checkpoint; 0 if it yields no state.
        peak_bytes: Peak memory of this process.
    """

    params: Params
    load_seconds: float
    epochs: list[EpochRecord]
    seconds: float
    finished: bool
    checkpoint_bytes: int
    peak_bytes: int


def probe(study: Study) -> None:
    """Try configurations of all branches, recording none, so that a broken space fails early.

    Raises:
        StudyError: If `space` raises, returns no configuration, or draws one name as two kinds; or
            if a program is missing, or has a placeholder without a parameter.
    """
    kinds = Kinds()

    def values(name: str, domain: Domain) -> Sequence[Value]:
        kinds.check(name, domain)
        return samples(domain)

    walk = Walk(study.space, values)
    for _ in range(N_BRANCHES):
        if walk.is_over:
            break
        trial = guarded("space", lambda: walk.visit({}), study)
        if walk.refused is None:
            _check(study, trial)
    sampler = Sampler(replace(study, duplicates="rerun"))
    for number in range(min(N_PROBES, study.trials, sampler.limit or N_PROBES)):
        trial = sampler.ask(number)
        _check(study, trial)


def _check(study: Study, trial: Trial) -> None:
    config = guarded("space", partial(study.space, trial), study)
    as_dict(config)
    train: object = study.train
    if isinstance(train, ForStudies):
        train.check(config)


def samples(domain: Domain) -> Sequence[Value]:
    """Return the values that are tried of a parameter: all choices, and some of a range."""
    if isinstance(domain, Float) and domain.step is None:  # the ends are never drawn
        low, high = (math.log(x) if domain.log else x for x in (domain.low, domain.high))
        middle = low + (high - low) / 2
        return [min(math.exp(middle), domain.high) if domain.log else middle]
    values = domain.values() or ()
    last = len(values) - 1
    if isinstance(domain, Categorical) or last < N_SAMPLES:
        return values
    return [values[last * i // (N_SAMPLES - 1)] for i in range(N_SAMPLES)]


def dry_run(study: Study, seconds: float) -> DryRun:
    """Train trial 0 for about `seconds`, but at least for one epoch.

    Raises:
        StudyError: If the study breaks its contract or cannot be sent to slots, or the training
            raises or diverges.
    """
    probe(study)
    params = Sampler(study).ask(0).params
    began = time.monotonic()
    data = guarded("data", study.data, study) if study.data else None
    load_seconds = time.monotonic() - began
    work = Work(0, params, derive_seed(study.seed, study.name, 0))
    epochs: list[EpochRecord] = []
    n_bytes = 0
    sent(study)
    with closing(Session(study, as_loaded(data), blas_threads=1)) as session:
        session.keeping.seconds = 0.0
        for progress in session.train(work):
            if progress.complaint:
                raise StudyError(progress.complaint)
            if progress.failure is not None:
                raise StudyError(
                    f"train() failed in trial 0: {progress.failure.message}\n"
                    f"{progress.failure.traceback}"
                )
            epochs += progress.epochs
            n_bytes = max(n_bytes, len(progress.checkpoint or b""))
            if epochs and sum(epoch.seconds for epoch in epochs) >= seconds:
                break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return DryRun(
        params=params,
        load_seconds=load_seconds,
        epochs=epochs,
        seconds=sum(epoch.seconds for epoch in epochs),
        finished=progress.finished,
        checkpoint_bytes=n_bytes,
        peak_bytes=peak if sys.platform == "darwin" else peak * 1024,
    )
