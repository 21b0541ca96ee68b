"""What a sampler is asked: the next trial's parameters, given what the memory shows."""

from typing import TYPE_CHECKING, NamedTuple

from sweep.study.seeds import derive_seed

if TYPE_CHECKING:
    from sweep.samplers.memory import SamplerMemory
    from sweep.study.study import Study


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


def question_of(study: "Study", number: int, attempt: int, memory: "SamplerMemory") -> Question:
    """Return the question for one draw; the arguments are its fields."""
    purpose = f"sampler {attempt}" if attempt else "sampler"
    seed = derive_seed(study.seed, purpose, number)
    study_seed = derive_seed(study.seed, "sampler of the study", 0)
    return Question(number, attempt, seed, study_seed, memory)
