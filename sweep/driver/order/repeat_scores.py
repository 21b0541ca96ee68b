"""The scores of a trial's repeats, for pruners that compare trials repeat by repeat."""

from sweep.driver.order.curves import Curves
from sweep.study.study import Study
from sweep.trials.ranking import scores
from sweep.trials.records import TrialRecord


class RepeatScores(Curves):
    """In place of the metric after each epoch, the score of each training that has finished."""

    def __init__(self, study: Study, records: list[TrialRecord]) -> None:
        self._n_finished: dict[int, int] = {}
        super().__init__(study, records)

    def note(self, record: TrialRecord, since: int = 1) -> None:  # noqa: ARG002 - few values
        """Take in the trainings and the ending of a trial."""
        super().note(record)

    def finish(self, record: TrialRecord, n_trainings: int) -> None:
        """Take in how many trainings of a trial have finished; another one follows."""
        self._n_finished[record.number] = n_trainings
        self.note(record)

    def _is_in_time(self, record: TrialRecord) -> bool:
        return bool(record.epochs)

    def _values(self, record: TrialRecord, since: int = 1) -> list[float]:  # noqa: ARG002
        sign, curves = self._study.sign, record.curves(self._study.metric)
        n_finished = len(curves) if record.has_ended else len(curves) - 1
        n_finished = max(n_finished, self._n_finished.get(record.number, 0))
        return [sign * score for score in scores(curves[:n_finished], self._study.score, sign)]
