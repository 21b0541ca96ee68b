"""What to run for a training, how to read it, and what it yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.programs.metrics.lines import Reader
from sweep.trials.epoch import State


@dataclass(frozen=True)
class ProgramEpoch:
    """An epoch as `Epoch`, with the processor time of other processes than this one.

    Attributes:
        metrics: Metrics by name.
        state: Its state, if the checkpoints have changed.
        other_cpu_seconds: Processor time of the program and its children.
        is_late: Whether the epoch is on record, and this is the state in which it was left.
    """

    metrics: Mapping[str, float]
    state: State | None = None
    other_cpu_seconds: float = 0.0
    is_late: bool = False


@dataclass(frozen=True)
class Command:
    """What to run for one training.

    Attributes:
        words: The command line.
        environment: All environment variables.
        place: The current directory.
        table: A file with metrics, if the program writes one.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    place: Path
    table: Path | None


@dataclass(frozen=True)
class Rules:
    """How to read a program.

    Attributes:
        name: What messages call it.
        read: Reads metrics from a line.
        ends: Regular expression of the line that ends an epoch; "" for none.
        needed: Metrics that each epoch has to have.
        limit: Largest size of its checkpoints in bytes; 0 if it does not continue from them.
        grace_seconds: Seconds between SIGTERM and SIGKILL.
    """

    name: str
    read: Reader
    ends: str
    needed: tuple[str, ...]
    limit: int
    grace_seconds: float
