"""Doc."""

from dataclasses import dataclass

from sweep.trials.domains import Params
from sweep.trials.records import EpochRecord, Failure


@dataclass(frozen=True)
class Work:
    """What a slot needs to begin a trial, or to continue it from an encoded checkpoint."""

    trial: int
    params: Params
    seed: int
    checkpoint: bytes | None = None


@dataclass(frozen=True)
class Progress:
    """What a slot gives back: the epochs since it was last asked, and how the training stands.

    Attributes:
        epochs: New epochs, oldest first.
        checkpoint: To continue from after the last of them; None if the last one sent is recent.
        finished: Whether the training has no more epochs.
        failure: Set if the training raised or diverged; then it has no more epochs either.
        complaint: Set if the study breaks its contract; the sweep has to stop.
    """

    trial: int
    epochs: tuple[EpochRecord, ...] = ()
    checkpoint: bytes | None = None
    finished: bool = False
    failure: Failure | None = None
    complaint: str = ""


@dataclass(frozen=True)
class SlotLost:
    """A slot's process is gone, and the trial that it had is without one.

    Attributes:
        failure: How it died: LOST, or OOM where that is known to be why.
        preempted: Whether its node was taken away by plan, which is nobody's failure.
    """

    trial: int
    failure: Failure
    preempted: bool = False
