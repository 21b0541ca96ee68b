"""TPE: the tree-structured Parzen estimator."""

from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler

from sweep.samplers.question import Question


class Tpe(TPESampler):
    """Optuna's TPE, spared from looking for the common search space at each question."""

    def __init__(self, question: Question) -> None:
        """Answer a question, given the trials that the memory shows."""
        super().__init__(seed=question.seed, multivariate=True, constant_liar=True)
        self._memory = question.memory

    def infer_relative_search_space(self, *_: object) -> dict[str, BaseDistribution]:
        """Return the distributions common to all trials; TPE draws these parameters jointly."""
        return self._memory.common_space()
