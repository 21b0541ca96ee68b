"""This file holds the plain data that crosses every border: driver, slots, database and tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sweep.trials.domains import Domain, Params

State = dict[str, Any]
"""What a training can be continued from: arrays and JSON values, in dictionaries of any depth."""


@dataclass(frozen=True)
class Epoch:
    """What a study's `train` yields after each epoch.

    Any object with these two attributes will do; so will a dictionary of metrics alone.

    Attributes:
        metrics: Plain numbers by name, the one to minimise or maximise among them.
        state: What the same training can continue from, as arrays and JSON values in dictionaries.
            An entry "weights" (a dictionary of arrays) is kept as the trial's result. An entry
            "model" (a dictionary of JSON values) goes with them, into the header of their file;
            its "load" is the name of the function that reads such a file.
            None if this training can only start again.
    """

    metrics: Mapping[str, float]
    state: State | None = None


class Ending(StrEnum):
    """How a trial ended, or that it has not."""

    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    """The metric was no longer a finite number."""
    ERROR = "error"
    """`train` raised; never retried, since it would raise again."""
    TIMEOUT = "timeout"
    """It took longer than a trial may; never retried."""
    OOM = "oom"
    """It needed more memory than its slot may have (never retried), or than the node had."""
    LOST = "lost"
    """The worker process or its node died, more often than the retries allow."""

    @property
    def is_failure(self) -> bool:
        """Whether the trial ended against the study's will."""
        return self not in (Ending.RUNNING, Ending.COMPLETE, Ending.PRUNED)


INTERRUPTED = "interrupted"
"""Why an attempt did not go on whose driver ended; the trial itself goes on later."""


PREEMPTED = "preempted"
"""Why an attempt did not go on whose node was taken away by plan; the trial goes on elsewhere."""


@dataclass(frozen=True)
class Failure:
    """Why a trial's last attempt did not go on, in words for people."""

    ending: Ending
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class EpochRecord:
    """One epoch as it is kept: number from 1, its metrics, and what it cost.

    A trial that trains several times goes on counting; `repeat`, from 1, tells the trainings apart.
    """

    number: int
    metrics: Mapping[str, float]
    seconds: float
    cpu_seconds: float
    repeat: int = 1


@dataclass(frozen=True)
class Worker:
    """The process that trains: where it runs and with how many BLAS threads, as measured in it."""

    host: str
    pid: int
    blas_threads: int


@dataclass(repr=False)
class TrialRecord:
    """Everything that the database knows of one trial.

    Attributes:
        number: From 0, in the order of asking; never changes, however often the trial is retried.
        config: What `space` made of `params`, as plain values.
        endings_known: How many trials had ended, as far as the sampler knew, when it suggested
            this one: those whose `ending_number` is not higher.
        ending_number: Position of this trial's ending among all endings, from 1; 0 before it ends.
        attempts: One entry per attempt that was cut short: why (lost, oom, interrupted or
            preempted), a message, where it was if that is known, the last epoch kept, and the host
            and process that had it.
        score: The metric to minimise or maximise, by the study's rule; None without one.
        score_std: Standard deviation of the repeats' scores, whose mean is `score`; None without
            repeats.
        reused: The number of the trial whose score this one has taken over instead of training.
    """

    number: int
    params: Params
    domains: Mapping[str, Domain]
    config: Mapping[str, Any]
    seed: int
    endings_known: int
    ending: Ending = Ending.RUNNING
    ending_number: int = 0
    score: float | None = None
    score_std: float | None = None
    reused: int | None = None
    epochs: list[EpochRecord] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    failure: Failure | None = None
    worker: Worker | None = None
    started: datetime | None = None
    finished: datetime | None = None

    def __repr__(self) -> str:
        """What tells it apart, without its epochs; all of it is in its attributes."""
        score = "" if self.score is None else f", score={self.score}"
        length = f"{len(self.epochs)} epochs"
        return f"TrialRecord({self.number}, {self.ending}{score}, {length}, {self.params})"

    @property
    def has_ended(self) -> bool:
        """Whether it will never change again."""
        return self.ending is not Ending.RUNNING

    @property
    def seconds(self) -> float:
        """Training time of all its epochs, in seconds of wall clock."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all its epochs, in seconds."""
        return sum(epoch.cpu_seconds for epoch in self.epochs)

    def curve(self, metric: str, repeat: int = 1) -> list[float]:
        """The metric after each epoch of one training; epochs without it are left out."""
        epochs = [epoch for epoch in self.epochs if epoch.repeat == repeat]
        return [epoch.metrics[metric] for epoch in epochs if metric in epoch.metrics]

    def trainings(self) -> list[list[EpochRecord]]:
        """Return the epochs of each training, in the order of `repeat`."""
        trainings: dict[int, list[EpochRecord]] = {}
        for epoch in self.epochs:
            trainings.setdefault(epoch.repeat, []).append(epoch)
        return [trainings[repeat] for repeat in sorted(trainings)]

    def curves(self, metric: str) -> list[list[float]]:
        """Return the metric's learning curve for each training."""
        return [
            [epoch.metrics[metric] for epoch in training if metric in epoch.metrics]
            for training in self.trainings()
        ]


def n_ended(records: Iterable[TrialRecord]) -> int:
    """How many of these trials have ended."""
    return sum(record.has_ended for record in records)


def best_of(sign: int, records: Iterable[TrialRecord]) -> TrialRecord | None:
    """The complete trial with the best score; of equal ones the first. None if there is none.

    Args:
        sign: 1 where a lower score is better, -1 where a higher one is.
        records: Any trials, in the order of their numbers.
    """
    return next(iter(ranked(records, sign)), None)


def ranked(records: Iterable[TrialRecord], sign: int) -> list[TrialRecord]:
    """Return the trials that have a score, best first; equal ones keep their order.

    Args:
        records: Any trials.
        sign: 1 where a lower score is better, -1 where a higher one is.
    """
    scored = [(sign * record.score, record) for record in records if record.score is not None]
    return [record for _, record in sorted(scored, key=lambda pair: pair[0])]


def scores(curves: Iterable[Sequence[float]], rule: str, sign: int) -> list[float]:
    """Return the score of each training with a curve that is not empty.

    Args:
        curves: The metric after each epoch, one curve per training.
        rule: Which epoch counts: the "last" or the "best".
        sign: 1 where a lower metric is better, -1 where a higher one is.
    """
    best = min if sign > 0 else max
    return [best(curve) if rule == "best" else curve[-1] for curve in curves if curve]


def final_of(best: Params, records: list[TrialRecord]) -> TrialRecord | None:
    """The finished final training of these parameters, if there is one."""
    matches = (r for r in records if r.params == best and r.ending is Ending.COMPLETE)
    return next(matches, None)
