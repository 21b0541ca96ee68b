"""What a run cost, computed by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from sweep.reports.costs import cost_sentences, costs, under_way
from sweep.reports.importance import importances
from sweep.trials.domains import Float
from sweep.trials.records import Ending, EpochRecord, Pause, TrialRecord

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def trial(number: int, ending: Ending, n_epochs: int, begin: float, end: float) -> TrialRecord:
    """A trial whose epochs take 2 s each, 1 s of them on a processor."""
    return TrialRecord(
        number=number,
        params={"x": number / 100, "y": number * 37 % 100 / 100},
        domains={"x": Float(0, 1), "y": Float(0, 1)},
        config={},
        seed=0,
        endings_known=0,
        ending=ending,
        score=number**2 if ending is Ending.COMPLETE else None,
        epochs=[EpochRecord(i + 1, {}, 2.0, 1.0) for i in range(n_epochs)],
        started=BEGAN + timedelta(seconds=begin),
        finished=BEGAN + timedelta(seconds=end),
    )


def test_the_parts_of_the_cost() -> None:
    records = [
        trial(0, Ending.COMPLETE, 10, 0, 20),
        trial(1, Ending.PRUNED, 3, 0, 6),
        trial(2, Ending.LOST, 2, 6, 10),
        trial(3, Ending.COMPLETE, 4, 10, 20),
    ]
    cost = costs(records)
    assert (cost.spent, cost.pruned, cost.failed) == (19, 3, 2)
    assert (cost.saved, cost.cut, cost.ended) == (4, 1, 4)  # complete ones train 7 in the median
    assert cost.slots == 2
    assert cost.busy == pytest.approx(38 / 40)


def test_no_trials_cost_nothing() -> None:
    cost = costs([])
    assert (cost.spent, cost.saved, cost.busy, cost.slots) == (0, 0, None, 0)


def test_pruning_saves_nothing_that_is_known_before_a_trial_is_complete() -> None:
    records = [trial(0, Ending.PRUNED, 3, 0, 6)]
    assert costs(records).saved == 0
    assert not any("Early stopping" in sentence for sentence in sentences(*records))


def sentences(*records: TrialRecord) -> list[str]:
    return cost_sentences(costs(records), costs([]), costs([]))


def test_early_stopping_is_said_to_save_what_whole_trainings_would_have_taken_more() -> None:
    whole = trial(0, Ending.COMPLETE, 1000, 0, 1000)
    reused = trial(1, Ending.COMPLETE, 0, 0, 1)
    at_its_end, running = trial(2, Ending.PRUNED, 1000, 0, 1), trial(3, Ending.RUNNING, 5, 0, 1)
    cut = [trial(n, Ending.PRUNED, 100, 0, 100) for n in (4, 5, 6)]
    assert (
        "Early stopping: 3 of 6 trials ended before their last epoch; training them whole would "
        "have taken about 45 min more of processor time (an estimate from their own seconds per "
        "epoch): 54 % saved."
    ) in sentences(whole, reused, at_its_end, running, *cut)
    assert not any("stopping" in text for text in sentences(whole, reused, at_its_end, running))


def test_a_paused_trial_is_told_apart_from_one_that_ended() -> None:
    whole, paused = trial(0, Ending.COMPLETE, 4, 0, 4), trial(1, Ending.RUNNING, 1, 0, 1)
    paused.pauses = [Pause(1, 1)]
    assert sentences(whole, paused)[1].startswith("Early stopping: 1 of 2 trials ended or were")


def test_trials_under_way() -> None:
    records = [trial(0, Ending.COMPLETE, 1, 0, 4), trial(1, Ending.COMPLETE, 1, 1, 4)]
    assert under_way(records) == ([0, 1, 4], [1, 2, 0])


def test_the_parameter_that_decides_is_the_important_one() -> None:
    records = [trial(i, Ending.COMPLETE, 1, 0, 1) for i in range(100)]
    shares = importances(records, 1)
    assert list(shares) == ["x", "y"]
    assert shares["x"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)


def test_a_parameter_with_a_range_of_its_own_in_one_trial_is_no_reason_to_warn() -> None:
    records = [trial(i, Ending.COMPLETE, 1, 0, 1) for i in range(30)]
    records[7].domains = {**records[7].domains, "y": Float(0, 0.9)}
    assert set(importances(records, 1)) == {"x", "y"}


def test_few_trials_say_nothing_of_importance() -> None:
    assert importances([trial(i, Ending.COMPLETE, 1, 0, 1) for i in range(9)], 1) == {}
