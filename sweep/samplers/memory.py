"""The trials of a study in memory, as samplers read them: only those that matter most.

The cost of a suggestion grows with the number of trials that a sampler fits. TPE fits two
densities, one to the best tenth of the trials (at most 25) and one to the others, and draws from
the first. So the best 25 and the latest of the others tell it nearly everything, at a constant
cost.
"""

from bisect import insort
from collections.abc import Container, Sequence
from itertools import islice

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from sweep.model.learning import Known, Learning
from sweep.samplers.seen import STATES, known_from
from sweep.trials.front import crowding, ranks

N_BEST = 25
"""Best trials shown to TPE: as many as it fits its first density to."""


N_RUNNING = 100
"""Running trials shown to TPE, most recently started first."""


_Rank = tuple[int, int, float]


class SamplerMemory(InMemoryStorage):
    """One study in memory, in the form that Optuna's samplers read.

    What it shows depends on the endings it was told, in the order of their places, and on the
    number of the trial being asked for.

    Attributes:
        learning: The hyperparameters of a model of the trials shown.
    """

    def __init__(self, signs: Sequence[int], n_latest: int | None) -> None:
        """Start without trials.

        Args:
            signs: For each objective, 1 if a lower score is better, -1 if a higher one is.
            n_latest: How many of the trials that ended last are shown, >= 1; None shows all trials.
        """
        super().__init__()
        self.learning = Learning()
        self._signs = signs
        self._n_latest = n_latest
        self._n_running = None if n_latest is None else N_RUNNING
        self._newest = -1
        self._running: dict[int, int] = {}
        self._paused: dict[int, tuple[int, FrozenTrial]] = {}  # by id: position, as if pruned
        self._best: list[tuple[_Rank, int]] = []
        self._latest: list[tuple[int, int]] = []
        self._common: dict[str, BaseDistribution] | None = None

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Add a trial; Optuna calls this for every `ask` and `add_trial`."""
        self._newest = super().create_new_trial(study_id, template_trial)
        return self._newest

    def begin(self, number: int) -> int:
        """Use the trial added last for trial `number` of the study, and return its id."""
        self._running[number] = self._newest
        return self._newest

    def withdraw(self, number: int) -> None:
        """Forget a draw that will be repeated."""
        self.set_trial_state_values(self._running.pop(number), TrialState.FAIL)

    def forget_notes(self, trial_id: int) -> None:
        """Delete what Optuna notes on a trial besides its parameters: a restart would not know it.

        TPE notes a value for every parameter that it expected; those that a conditional space did
        not draw would influence its next suggestions for as long as the trial runs.
        """
        for key in self.get_trial_system_attrs(trial_id):
            self.set_trial_system_attr(trial_id, key, None)

    def running(self, number: int) -> FrozenTrial:
        """Return running trial `number`."""
        return self.get_trial(self._running[number])

    def pause(self, number: int, place: int, outcome: FrozenTrial) -> None:
        """Show a running trial as it was paused, until it is paused again or has ended.

        Args:
            number: Number of the trial.
            place: Position of the pause among all events.
            outcome: The trial, as if it was pruned there.
        """
        trial_id = self._running[number]
        outcome.number, outcome._trial_id = self.get_trial(trial_id).number, trial_id
        self._forget_pause(trial_id)
        self._paused[trial_id] = place, outcome
        self._show(trial_id, place, outcome)

    def end(self, number: int, place: int, outcome: FrozenTrial) -> None:
        """Take in how a trial ended, and its position among all endings."""
        trial_id = self._running.pop(number)
        self._forget_pause(trial_id)
        for step, value in outcome.intermediate_values.items():
            self.set_trial_intermediate_value(trial_id, step, value)
        for key, value in outcome.system_attrs.items():
            self.set_trial_system_attr(trial_id, key, value)
        self.set_trial_state_values(trial_id, outcome.state, outcome.values)
        if outcome.state is TrialState.FAIL:  # no sampler sees it
            return
        self._show(trial_id, place, outcome)

    def common_space(self) -> dict[str, BaseDistribution]:
        """Return the distributions that all ended trials share, if not of a single value."""
        return {name: d for name, d in sorted((self._common or {}).items()) if not d.single()}

    def get_all_trials(
        self,
        study_id: int,  # noqa: ARG002 - Optuna's signature
        deepcopy: bool = True,  # noqa: ARG002, FBT001, FBT002
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return the trials that are shown, in the order in which they began."""
        shown = {trial_id for _, trial_id in self._best + self._latest}
        shown.update(islice(reversed(self._running.values()), self._n_running))
        if states == (TrialState.WAITING,):  # where Optuna looks for enqueued parameters
            shown = {self._newest} - {-1}
        trials = [self._shown(trial_id) for trial_id in sorted(shown)]
        return [trial for trial in trials if states is None or trial.state in states]

    def _show(self, trial_id: int, place: int, outcome: FrozenTrial) -> None:
        insort(self._best, (self._rank(outcome), trial_id))
        insort(self._latest, (place, trial_id))
        if len(self._signs) > 1:
            self._rank_by_fronts()
        del self._best[N_BEST:]
        if self._n_latest is not None:
            del self._latest[: -self._n_latest]
        self.learning.count(self._known)
        known, new = self._common, outcome.distributions
        self._common = new if known is None else {k: d for k, d in known.items() if new.get(k) == d}

    def _known(self) -> Known:
        trials = self.get_all_trials(0, states=STATES)
        ended = [trial for trial in trials if trial.state is not TrialState.RUNNING]
        return known_from(ended, self._signs, np.random.default_rng(0))

    def _shown(self, trial_id: int) -> FrozenTrial:
        _, outcome = self._paused.get(trial_id) or (0, self.get_trial(trial_id))
        return outcome

    def _forget_pause(self, trial_id: int) -> None:
        """Take back that a trial is paused, since more is known of it."""
        if trial_id not in self._paused:
            return
        place, outcome = self._paused.pop(trial_id)
        best, latest = (self._rank(outcome), trial_id), (place, trial_id)
        self._best = [entry for entry in self._best if entry != best]
        self._latest = [entry for entry in self._latest if entry != latest]

    def _rank(self, ended: FrozenTrial) -> _Rank:
        """Sort as TPE does: scores, then pruned trials by epochs and value, then infeasible ones.

        Of several objectives the scores are sorted by `_rank_by_fronts`.
        """
        violations = [v for v in ended.constraints.values() if v > 0]
        if violations:
            return 2, 0, sum(violations)
        if ended.state is TrialState.COMPLETE:
            return 0, 0, self._signs[0] * ended.values[0]
        step, value = max(ended.intermediate_values.items(), default=(-1, 0.0))
        return 1, -step, self._signs[0] * value

    def _rank_by_fronts(self) -> None:
        """Sort the best by non-dominated rank, and those of one rank by how far apart they are."""
        numbers = [trial_id for (kind, *_), trial_id in self._best if kind == 0]
        values = [self.get_trial(trial_id).values for trial_id in numbers]
        points = np.array(values, np.float64).reshape(-1, len(self._signs)) * self._signs
        by_rank = ranks(points)
        apart = np.zeros(len(points))
        for rank in set(by_rank.tolist()):
            apart[by_rank == rank] = crowding(points[by_rank == rank])
        order = zip(by_rank.tolist(), (-apart).tolist(), numbers, strict=True)
        others = [one for one in self._best if one[0][0] != 0]
        self._best = sorted([((0, rank, far), number) for rank, far, number in order]) + others
