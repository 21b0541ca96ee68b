"""What a sampler is asked: the next trial's parameters, given what the memory shows."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sweep.samplers.tpe import SamplerMemory


class Question(NamedTuple):
    """One draw of the parameters of one trial.

    Attributes:
        number: Number of the trial, from 0.
        attempt: How many draws of this trial were rejected, since their parameters were tried.
        seed: Seed of this draw alone.
        study_seed: Seed that all draws of the study share.
        memory: The trials so far.
    """

    number: int
    attempt: int
    seed: int
    study_seed: int
    memory: "SamplerMemory"
