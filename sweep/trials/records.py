"""Records of trials: the plain data shared by driver, workers, database and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep.trials.known import curve_of
from sweep.trials.worker import Worker

if TYPE_CHECKING:
    from sweep.trials.domains import Domain, Params


class Ending(StrEnum):
    """How a trial ended, or that it is still running."""

    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    """The metric was no longer a finite number."""
    ERROR = "error"
    """`train` raised; never retried, since it would raise again."""
    TIMEOUT = "timeout"
    """It exceeded the time limit of a trial; never retried."""
    OOM = "oom"
    """It exceeded the memory limit of its slot (never retried), or the memory of its node."""
    LOST = "lost"
    """The worker process or its node died, more often than the retries allow."""

    @property
    def is_failure(self) -> bool:
        """Whether the trial failed, rather than completing or being pruned."""
        return self not in (Ending.RUNNING, Ending.COMPLETE, Ending.PRUNED)


INTERRUPTED = "interrupted"
"""Attempt ended because the driver stopped; the next driver resumes the trial."""

PREEMPTED = "preempted"
"""Attempt ended because its node was shut down as planned; another slot resumes the trial."""


FIRST, ENQUEUED = "first", "enqueued"
"""Where the parameters come from that a trial was given: the study, `sweep enqueue`."""


@dataclass(frozen=True)
class Failure:
    """Why a trial's last attempt ended, as text for people."""

    ending: Ending
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class EpochRecord:
    """One epoch as recorded: its number, its metrics, and what it cost.

    Attributes:
        number: Number of the epoch in its trial, from 1, continued over all its trainings.
        metrics: The finite ones of the metrics that `train` yielded, by name.
        seconds: Wall-clock time.
        cpu_seconds: Processor time.
        repeat: Number of the training, from 1.
    """

    number: int
    metrics: Mapping[str, float]
    seconds: float
    cpu_seconds: float
    repeat: int = 1


class Pause(NamedTuple):
    """A trial was paused after an epoch; it continues if it comes to be among the best.

    Attributes:
        position: Position of this pause among all events, which are pauses and endings, from 1.
        epoch: Number of the epoch.
    """

    position: int
    epoch: int


@dataclass(repr=False)
class TrialRecord:
    """Everything that the database knows of one trial.

    Attributes:
        number: Number of the trial, from 0, in the order of asking; retries do not change it.
        params: What the sampler drew, by name.
        domains: What each parameter was drawn from.
        config: The configuration that `space` built from `params`, as plain values.
        seed: Seed of its first training.
        endings_known: Number of events (pauses and endings) that the sampler knew when it suggested
            this trial: those whose position is not higher.
        ending_number: Position of this trial's ending among all events, from 1; 0 before it ends.
        score: The (first) metric to minimise or maximise, by the study's rule; None without one.
        further_scores: The scores of further objectives.
        violations: How far each constrained metric is out of its bounds, by name and as a fraction
            of the bound; negative or 0 where it is within them.
        infeasible_draws: How many draws before this one `space` refused as infeasible.
        score_std: Standard deviation of the repeats' scores, whose mean is `score`; None without
            repeats.
        given: Parameters that the sampler was given instead of drawing them.
        source: Where they come from: `FIRST` or `ENQUEUED`; "" if there are none.
        reused: Number of the trial whose score this one reuses instead of training, if any.
        attempts: One entry per attempt that was cut short: the reason (lost, oom, interrupted or
            preempted), a message, the traceback if known, the last epoch kept, and the host and
            process that ran it.
        failure: Why it failed, if it did.
        worker: The process that trains it or trained it last, if any has.
        jobs: Position among all jobs of the study, from 1, of each job of this trial: the first
            begins it, each other one continues it after a pause.
        pauses: When it was paused. A job ends with a pause, or with the trial.
        kept: Epoch whose state is kept; None without one, and in runs of earlier versions.
        started: When it was asked for, in UTC.
        finished: When it ended, in UTC; None before.
    """

    number: int
    params: "Params"
    domains: "Mapping[str, Domain]"
    config: Mapping[str, Any]
    seed: int
    endings_known: int
    ending: Ending = Ending.RUNNING
    ending_number: int = 0
    score: float | None = None
    further_scores: tuple[float, ...] = ()
    violations: Mapping[str, float] = field(default_factory=dict)
    infeasible_draws: int = 0
    score_std: float | None = None
    given: "Params" = field(default_factory=dict)
    source: str = ""
    reused: int | None = None
    epochs: list[EpochRecord] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    failure: Failure | None = None
    worker: Worker | None = None
    jobs: list[int] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    kept: int | None = None
    started: datetime | None = None
    finished: datetime | None = None

    def __post_init__(self) -> None:
        self.jobs = self.jobs or [self.number + 1]  # where no trial pauses, each is one job

    def __repr__(self) -> str:
        """Return a line that identifies the trial, without its epochs."""
        score = "" if self.score is None else f", score={self.score}"
        length = f"{len(self.epochs)} epochs"
        return f"TrialRecord({self.number}, {self.ending}{score}, {length}, {self.params})"

    @property
    def has_ended(self) -> bool:
        """Whether the trial has ended, and so will never change again."""
        return self.ending is not Ending.RUNNING

    @property
    def is_paused(self) -> bool:
        """Whether the trial waits to be continued."""
        return not self.has_ended and len(self.pauses) == len(self.jobs)

    @property
    def scores(self) -> tuple[float, ...]:
        """One value per objective, in their order; empty without a score."""
        return () if self.score is None else (self.score, *self.further_scores)

    @property
    def is_feasible(self) -> bool:
        """Whether it violates no constraint, as far as it is known."""
        return all(violation <= 0 for violation in self.violations.values())

    @property
    def seconds(self) -> float:
        """Wall-clock time of all its epochs, in seconds."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all its epochs, in seconds."""
        return sum(epoch.cpu_seconds for epoch in self.epochs)

    def curve(self, metric: str) -> list[float]:
        """The metric after each epoch of the first training."""
        return next(iter(self.curves(metric)), [])

    def curves(self, metric: str) -> list[list[float]]:
        """Return the curve of a metric, see `curve_of`, for each training."""
        return [curve_of(one, metric) for one in self.trainings()]

    def trainings(self) -> list[list[EpochRecord]]:
        """Return the epochs of each training, in their order."""
        return [list(epochs) for _, epochs in groupby(self.epochs, lambda epoch: epoch.repeat)]
