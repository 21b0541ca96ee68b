"""Messages between the driver and its slots."""

from dataclasses import dataclass

from sweep.trials.domains import Params
from sweep.trials.records import EpochRecord, Failure


@dataclass(frozen=True)
class Work:
    """What a slot needs to begin a trial, or to resume it from an encoded checkpoint.

    Attributes:
        trial: Number of the trial.
        params: Its parameters by name.
        seed: Seed of its first training.
        checkpoint: Encoded checkpoint to resume from; None to begin.
    """

    trial: int
    params: Params
    seed: int
    checkpoint: bytes | None = None


@dataclass(frozen=True)
class Output:
    """What a trial has printed since its last message.

    Attributes:
        trial: Number of the trial.
        text: What it wrote to file descriptors 1 and 2, shortened if it is much.
        position: Where the text ends in the file in which the slot collects it.
    """

    trial: int
    text: bytes
    position: int = 0


@dataclass(frozen=True)
class Progress:
    """What a slot sends back: its new epochs, and whether the training continues.

    Attributes:
        trial: Number of the trial.
        n_epochs: Number of its epochs so far, including those before it was resumed.
        epochs: Epochs since the last message, oldest first.
        checkpoint: Encoded checkpoint of the last epoch with a state, or at the end, of the last or
            the best one, whichever counts; None if the last one sent is recent.
        kept: Epoch whose state the checkpoint holds; None without one.
        n_trained: Number of trainings of the trial that have ended, if one just has and another
            follows; else 0.
        finished: Whether the training has no more epochs.
        failure: Why the training failed, or pruned itself, if it did; then it has no more epochs
            either.
        complaint: How the study breaks its contract, if it does; then the sweep has to stop, unless
            there is a failure, too, and an epoch of any trial was right before.
        output: What the slot's trials have printed since its last message.
    """

    trial: int
    n_epochs: int
    epochs: tuple[EpochRecord, ...] = ()
    checkpoint: bytes | None = None
    kept: int | None = None
    n_trained: int = 0
    finished: bool = False
    failure: Failure | None = None
    complaint: str = ""
    output: tuple[Output, ...] = ()


@dataclass(frozen=True)
class SlotLost:
    """The process of a slot has died, with the trial that it ran.

    Attributes:
        trial: Number of the trial.
        failure: How the process died: LOST, or OOM if that is known to be the reason.
        preempted: Whether its node was shut down as planned, which is nobody's failure.
    """

    trial: int
    failure: Failure
    preempted: bool = False
