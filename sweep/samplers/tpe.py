"""This file is the memory of TPE: it holds all trials, and shows those that matter most.

A question to TPE costs as much as there are trials to fit. It fits two densities, one to the best
tenth of them but 25 at most, one to the others; and draws from the first. So the best 25 of all and
the latest of the others tell it nearly all there is, at a price that stays the same.
"""

from bisect import insort
from collections.abc import Container
from itertools import islice

from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

N_BEST = 25
"""So many of the best are shown: as many as TPE draws from."""


N_RUNNING = 100
"""So many of those that run are shown, those that began last."""


_Rank = tuple[int, int, float]


class SamplerMemory(InMemoryStorage):
    """One study in memory, as Optuna's samplers ask for it.

    What it shows depends on the endings that it was told of and on the number of the trial that is
    asked for, not on the order in which it was told.
    """

    def __init__(self, sign: int, n_latest: int | None) -> None:
        """Remembers nothing yet.

        Args:
            sign: 1 where a lower score is better, -1 where a higher one is.
            n_latest: How many are shown of those that ended last, >= 1; None to show all trials.
        """
        super().__init__()
        self._sign = sign
        self._n_latest = n_latest
        self._n_running = None if n_latest is None else N_RUNNING
        self._newest = -1
        self._running: dict[int, int] = {}
        self._best: list[tuple[_Rank, int]] = []
        self._latest: list[tuple[int, int]] = []
        self._common: dict[str, BaseDistribution] | None = None

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Adds a trial, as Optuna asks for it."""
        self._newest = super().create_new_trial(study_id, template_trial)
        return self._newest

    def begin(self, number: int) -> int:
        """Takes the trial that was added last for trial `number` of the study; returns its id."""
        self._running[number] = self._newest
        return self._newest

    def withdraw(self, number: int) -> None:
        """Forgets a draw that is to be made again."""
        self.set_trial_state_values(self._running.pop(number), TrialState.FAIL)

    def end(self, number: int, place: int, outcome: FrozenTrial) -> None:
        """Takes in how a trial ended, at which place in the order of endings."""
        trial_id = self._running.pop(number)
        for step, value in outcome.intermediate_values.items():
            self.set_trial_intermediate_value(trial_id, step, value)
        self.set_trial_state_values(trial_id, outcome.state, outcome.values)
        if outcome.state is TrialState.FAIL:  # no sampler sees it
            return
        insort(self._best, (self._rank(outcome), trial_id))
        insort(self._latest, (place, trial_id))
        del self._best[N_BEST:]
        if self._n_latest is not None:
            del self._latest[: -self._n_latest]
        known, new = self._common, outcome.distributions
        self._common = new if known is None else {k: d for k, d in known.items() if new.get(k) == d}

    def common_space(self) -> dict[str, BaseDistribution]:
        """What all trials that have ended drew their parameters from, where they have a choice."""
        return {name: d for name, d in sorted((self._common or {}).items()) if not d.single()}

    def get_all_trials(
        self,
        study_id: int,  # noqa: ARG002 - Optuna's signature
        deepcopy: bool = True,  # noqa: ARG002, FBT001, FBT002
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials that are shown, in the order in which they began."""
        shown = {trial_id for _, trial_id in self._best + self._latest}
        shown.update(islice(reversed(self._running.values()), self._n_running))
        if states == (TrialState.WAITING,):  # Optuna looks for one before it draws: the newest
            shown = {self._newest} - {-1}
        trials = [self.get_trial(trial_id) for trial_id in sorted(shown)]
        return [trial for trial in trials if states is None or trial.state in states]

    def _rank(self, ended: FrozenTrial) -> _Rank:
        """Sorts as TPE does: scores, then what was pruned by epochs and value, then the rest."""
        if ended.state is TrialState.COMPLETE:
            return 0, 0, self._sign * (ended.value or 0.0)
        step, value = max(ended.intermediate_values.items(), default=(-1, 0.0))
        return 1, -step, self._sign * value


class Tpe(TPESampler):
    """Optuna's TPE; what all trials drew from it need not find out at each question."""

    def __init__(self, seed: int, memory: SamplerMemory) -> None:
        """Samples afresh from a seed, by what the memory shows."""
        super().__init__(seed=seed, multivariate=True, constant_liar=True)
        self._memory = memory

    def infer_relative_search_space(self, *_: object) -> dict[str, BaseDistribution]:
        """What all trials drew their parameters from; these it draws together."""
        return self._memory.common_space()
