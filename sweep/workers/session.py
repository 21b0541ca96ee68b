"""The inside of a slot: holds the training generator of a trial and steps it on request."""

import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from sweep.checkpoints.format import Checkpoint, encode
from sweep.errors import EpochError, StudyError
from sweep.machine import size_text
from sweep.pruners.pruner import compares_repeats
from sweep.study.code.user_code import guarded, text_of
from sweep.study.seeds import derive_seed
from sweep.study.space import Trial, fixed
from sweep.text import shown
from sweep.trials.epoch import State
from sweep.trials.records import Ending, EpochRecord, Failure
from sweep.trials.worker import Worker
from sweep.workers.epochs import not_finite, read
from sweep.workers.failures import ending_of, failure_of
from sweep.workers.keeping import Keeping
from sweep.workers.messages import Progress, Work
from sweep.workers.process.garbage import Garbage
from sweep.workers.process.kernel import kernel
from sweep.workers.process.memory_limit import lift_limit, limit_memory
from sweep.workers.process.threads import ThreadLimit, n_blas_threads

if TYPE_CHECKING:
    from sweep.study.study import Study

REPORT_SECONDS = 1.0
"""Seconds of training per report: shorter epochs are reported together, at almost no cost."""

_NO_MORE = object()
_ANOTHER = object()  # a training has ended, and another follows


class Session:
    """The work of one slot: at most one training at a time, advanced on request.

    The data stays loaded and the process warm between trials.

    Attributes:
        keeping: What is saved of the training's states.
        interrupts: Exceptions that end this process, whoever raises them: Ctrl-C.
    """

    interrupts: tuple[type[BaseException], ...] = (KeyboardInterrupt,)

    def __init__(
        self,
        study: "Study",
        data: Callable[[], Any] | None,
        blas_threads: int,
        memory_per_slot: int | None = None,
    ) -> None:
        """Prepare for the trials of a study.

        Args:
            study: The study.
            data: Gives each trial what the study's `data` returned; None for no data.
            blas_threads: Number of threads that BLAS and OpenMP may use, until `close`.
            memory_per_slot: Bytes that this process may allocate from now on; None for no limit.
        """
        self._study = study
        self._data = data or (lambda: None)
        # On Ray, `workers.ray.cluster` has also set this in the environment, before NumPy loaded.
        self._limit = ThreadLimit(blas_threads)
        self._garbage = Garbage()
        self._trial, self._epoch, self._repeat = -1, 0, 1
        self._epochs: Iterator[Any] = iter(())
        self._another_follows = False
        self.keeping = Keeping(study)
        self._memory_per_slot = memory_per_slot
        if memory_per_slot is not None:
            limit_memory(memory_per_slot)

    def worker(self) -> Worker:
        """Return this process, with its number of BLAS threads and its kernel as measured."""
        return Worker(socket.gethostname(), os.getpid(), n_blas_threads(), kernel())

    def stop(self) -> None:
        """End the training, so that its `finally` and `with` blocks run; their errors are lost."""
        epochs, self._epochs = self._epochs, iter(())
        self.keeping.end()
        try:
            getattr(epochs, "close", lambda: None)()
        except self.interrupts:
            raise
        except BaseException:  # noqa: BLE001 - the trial has ended before
            pass

    def close(self) -> None:
        """End the training, and restore the threads of this process."""
        self.stop()
        self._garbage.close()
        self._limit.lift()

    def advance(self, work: Work | None, pause_at: int | None = None) -> Progress:
        """Begin `work`, if given, and train for at least one epoch.

        Returns after REPORT_SECONDS, at an epoch where the pruner decides, after epoch `pause_at`,
        or at the end. No epoch begins before the decision is made, so pruning wastes nothing.
        """
        records: list[EpochRecord] = []
        began = time.monotonic()
        try:
            if work is not None:
                self._begin(work)
            while True:
                record, failure = self._train_epoch()
                if record is not None:
                    records.append(record)
                finished = failure is not None or (record is None and not self._another_follows)
                if failure is not None:
                    self.stop()
                pausing = self._epoch == pause_at
                if finished or pausing or self._pauses(began):
                    return self._progress(records, failure, finished=finished, pausing=pausing)
        except StudyError as error:
            self.stop()
            message = text_of(error)
            failure = Failure(Ending.ERROR, message) if isinstance(error, EpochError) else None
            return self._answer(records, failure=failure, complaint=message)
        except MemoryError as error:
            return self._answer(records, failure=self._out_of_memory(error))

    def train(self, work: Work) -> Iterator[Progress]:
        """Train a trial, and yield each progress until it is finished, has failed or complains."""
        progress = self.advance(work)
        yield progress
        while not (progress.finished or progress.failure or progress.complaint):
            progress = self.advance(None)
            yield progress

    def _begin(self, work: Work) -> None:
        self.stop()
        self._garbage.collect()
        self._trial = work.trial
        begin = self.keeping.begin(work.checkpoint)
        self._epoch = begin.epoch
        self._epochs = self._train(work, begin)

    def _train(self, work: Work, checkpoint: Checkpoint) -> Iterator[Any]:
        """Yield the epochs of all trainings of a trial that come after the checkpoint."""
        state = checkpoint.state or None
        for repeat in range(checkpoint.repeat, self._study.repeats + 1):
            self._repeat = repeat
            seed = work.seed if repeat == 1 else derive_seed(work.seed, "repeat", repeat)
            # One training may change them, and a resumed trial begins with any of its trainings.
            trial = Trial(fixed(work.params))
            config = guarded("space", partial(self._study.space, trial), self._study)
            epochs = self._study.train(config, self._data(), seed, state)
            if not hasattr(epochs, "__iter__"):
                raise StudyError(
                    f"train: expected a generator of epochs, got {shown(epochs)}; yield them"
                )
            before = self._epoch
            yield from epochs
            if state is None and self._epoch == before:
                raise EpochError("train: expected at least one epoch, got none; yield one")
            state = None
            if compares_repeats(self._study.pruner) and repeat < self._study.repeats:
                yield _ANOTHER

    def _train_epoch(self) -> tuple[EpochRecord | None, Failure | None]:
        """Return the next epoch, or None at the end; and what went wrong, if anything did."""
        others: tuple[type[BaseException], ...] = (StudyError, MemoryError, *self.interrupts)
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            item = next(self._epochs, _NO_MORE)
            if self.keeping.took_late(item, self._epoch, self._repeat):
                item = next(self._epochs, _NO_MORE)
            self._another_follows = item is _ANOTHER
            seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
            cpu_seconds += getattr(item, "other_cpu_seconds", 0.0)  # of a program
            if item is _NO_MORE or item is _ANOTHER:
                return None, None
            metrics, state = self._read(item)
            diverged = not_finite(metrics, self._study.needed, self._epoch + 1)
            if state is not None and not diverged:
                value = metrics.get(self._study.metric, 0.0)
                self.keeping.add(self._epoch + 1, self._repeat, state, value)
        except others:
            raise
        except BaseException as error:  # noqa: BLE001 - all are the trial's failure
            return None, failure_of(ending_of(error), error)
        self._epoch += 1
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        record = EpochRecord(self._epoch, finite, seconds, cpu_seconds, self._repeat)
        return record, Failure(Ending.DIVERGED, diverged) if diverged else None

    def _read(self, item: Any) -> tuple[dict[str, float], State | None]:
        study = self._study
        is_compared = study.score == "best" or study.pruner is not None
        return read(item, study.needed, is_compared=is_compared)

    def _out_of_memory(self, error: MemoryError) -> Failure:
        why = ""
        if self._memory_per_slot is not None:
            lift_limit()  # reporting needs memory, and this process gets no further trial
            why = f"; --memory-per-slot allows {size_text(self._memory_per_slot)}"
        return failure_of(Ending.OOM, error, why)

    def _pauses(self, began: float) -> bool:
        # Training on past a decision, made in the first training only, would waste what it stops.
        pruner = self._study.pruner
        decides = pruner and self._repeat == 1 and pruner.decides_after(self._epoch)
        is_time = time.monotonic() - began >= REPORT_SECONDS
        return bool(decides) or self._another_follows or is_time

    def _progress(
        self, records: list[EpochRecord], failure: Failure | None, *, finished: bool, pausing: bool
    ) -> Progress:
        kept = self.keeping.due(finished=finished, pausing=pausing) if failure is None else None
        rest: dict[str, Any] = {"finished": finished, "failure": failure}
        rest |= {"checkpoint": encode(kept), "kept": kept.epoch} if kept else {}
        n_trained = self._repeat if self._another_follows else 0
        return self._answer(records, n_trained=n_trained, **rest)

    def _answer(self, records: list[EpochRecord], **rest: Any) -> Progress:
        return Progress(self._trial, self._epoch, tuple(records), **rest)
