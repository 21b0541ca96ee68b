"""Asks a pruner of Optuna, on a copy of the study in memory."""

from collections.abc import Container

import optuna
from optuna.pruners import BasePruner
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from sweep.driver.order.curves import Curves
from sweep.errors import StudyError
from sweep.pruners.optuna_pruner import OptunaPruner
from sweep.study.code.user_code import guarded
from sweep.study.study import Study
from sweep.trials.optuna_trials import STATES
from sweep.trials.records import TrialRecord


class OptunaCurves(Curves):
    """Learning curves, with the answers of a pruner of Optuna after each of their epochs.

    Pruners note things on trials, at each question. So each epoch is asked about once, as soon as
    it is known, and after a restart again.
    """

    def __init__(self, study: Study, pruner: OptunaPruner, records: list[TrialRecord]) -> None:
        self._memory = _Shown()
        self._pruner = guarded("pruner", lambda: _made(pruner), study)
        self._copy = optuna.create_study(
            study_name=study.name,
            storage=self._memory,
            direction="minimize" if study.sign > 0 else "maximize",
        )
        self._answers: dict[int, bool] = {}
        super().__init__(study, records)

    def note(self, record: TrialRecord, since: int = 1) -> None:
        """Take in the epochs from number `since` on, and the ending, of a trial."""
        super().note(record, since)
        number = record.number
        if number == self._memory.n_trials:
            self._memory.create_new_trial(self._copy._study_id)
        self._memory.forget(number, since)
        first = (epoch for epoch in record.epochs[since - 1 :] if epoch.repeat == 1)
        for epoch in first:
            value = epoch.metrics[self._study.metric]
            self._memory.set_trial_intermediate_value(number, epoch.number, value)
            self._answers[number] = self._ask(record)
        if record.has_ended:
            values = None if record.score is None else [record.score]
            self._memory.set_trial_state_values(number, STATES[record.ending], values)

    def prunes(self, record: TrialRecord) -> bool:
        """Return what the pruner answered about a trial's latest epoch, in its first training."""
        return self._is_in_time(record) and self._answers.get(record.number, False)

    def _ask(self, record: TrialRecord) -> bool:
        self._memory.shown = {*self.known(record), record.number}
        trial = self._memory.get_trial(record.number)
        return bool(guarded("pruner", lambda: self._pruner.prune(self._copy, trial), self._study))


class _Shown(InMemoryStorage):
    """Trials in memory, whose ids are their numbers, of which only some are shown."""

    n_trials = 0
    shown: Container[int] = ()

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        self.n_trials += 1
        return super().create_new_trial(study_id, template_trial)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 - Optuna's signature
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = super().get_all_trials(study_id, deepcopy, states)
        return [trial for trial in trials if trial.number in self.shown]

    def forget(self, number: int, since: int) -> None:
        """Forget the values of a trial from a step on: it is trained again from there."""
        values = self.get_trial(number).intermediate_values
        for step in [step for step in values if step >= since]:
            del values[step]


def _made(pruner: OptunaPruner) -> BasePruner:
    made = pruner.make()
    if not isinstance(made, BasePruner):
        raise StudyError(
            f"OptunaPruner: expected make() to return a pruner of Optuna, got {made!r}; return an "
            f"optuna.pruners.BasePruner"
        )
    return made
