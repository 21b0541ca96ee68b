"""What reports and the driver share: trainings, their scores, and the order of trials by score."""

from sweep.trials.ranking import ranked, scores
from sweep.trials.records import EpochRecord, TrialRecord


def trial(number, score=None, epochs=()):
    return TrialRecord(number, {}, {}, {}, 0, 0, score=score, epochs=list(epochs))


def test_trainings_are_told_apart_by_their_repeat():
    first = [EpochRecord(1, {"loss": 0.5}, 1.0, 1.0), EpochRecord(2, {"error": 0.1}, 1.0, 1.0)]
    second = [EpochRecord(3, {"loss": 0.75}, 1.0, 1.0, repeat=2)]
    record = trial(0, epochs=first + second)
    assert record.trainings() == [first, second]
    assert record.curves("loss") == [[0.5], [0.75]]
    assert trial(0).trainings() == []


def test_trials_are_ranked_by_score_and_equal_ones_keep_their_order():
    records = [trial(i, score) for i, score in enumerate((2.0, None, 1.0, 2.0, -1.0))]
    assert [record.number for record in ranked(records, 1)] == [4, 2, 0, 3]
    assert [record.number for record in ranked(records, -1)] == [0, 3, 2, 4]


def test_a_training_scores_by_its_last_or_its_best_epoch():
    curves = [[3.0, 1.0, 2.0], [], [5.0]]
    assert scores(curves, "last", 1) == [2.0, 5.0]
    assert scores(curves, "best", 1) == [1.0, 5.0]
    assert scores(curves, "best", -1) == [3.0, 5.0]
