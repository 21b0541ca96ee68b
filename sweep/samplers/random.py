"""Independent random draws, by Optuna's random sampler."""

from optuna.samplers import RandomSampler


class Random(RandomSampler):
    """Optuna's random sampler; it needs to know nothing of other trials."""

    def __init__(self, seed: int, memory: object) -> None:  # noqa: ARG002 - same for all
        super().__init__(seed=seed)
