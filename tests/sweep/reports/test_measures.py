"""Quantities of trainings: of which epoch they are, and how they compare with published values."""

import pytest

from sweep import Quantity
from sweep.reports.measures import Measured, measure, trainings, trainings_text
from sweep.trials.records import Ending, EpochRecord, TrialRecord


def record(*losses, ending=Ending.COMPLETE, repeats=1, **last):
    """A trial whose epochs have these losses, the last one also other metrics."""
    epochs = [
        EpochRecord(i, {"loss": loss}, 2.0 * i, 1.0 * i, repeat)
        for repeat in range(1, repeats + 1)
        for i, loss in enumerate(losses, start=1)
    ]
    if last:
        epochs[-1] = EpochRecord(len(losses), {"loss": losses[-1], **last}, 2.0, 1.0)
    return TrialRecord(0, {}, {}, {}, 0, 0, ending, epochs=epochs)


@pytest.mark.parametrize(
    ("about", "values"),
    [
        ({"source": "loss"}, (0.25,)),
        ({"source": "loss", "epoch": 2}, (0.5,)),
        ({"source": "loss", "epoch": 4}, ()),
        ({"source": "loss", "epoch": "restored"}, (0.25,)),
        ({"source": "accuracy"}, ()),
        ({"source": "loss", "scale": -100, "offset": 100}, (75.0,)),
        ({"source": "epochs"}, (3.0,)),
        ({"source": "seconds"}, (12.0,)),
        ({"source": "cpu_seconds"}, (6.0,)),
        ({"source": "cpu_seconds", "epoch": 2}, (2.0,)),
        ({"source": "seconds_per_epoch"}, (4.0,)),
        ({"source": "cpu_seconds_per_epoch"}, (2.0,)),
    ],
)
def test_a_quantity_is_of_one_epoch_or_of_the_whole_training(about, values):
    found = measure(Quantity(header="x", **about), "a", [record(1.0, 0.5, 0.25)])
    assert found.values == values


def test_a_metric_may_say_which_epoch_counts():
    quantity = Quantity(source="loss", header="x", epoch="restored")
    assert measure(quantity, "a", [record(1.0, 0.5, 0.25, restored=2)]).values == (0.5,)


def test_only_complete_trainings_count_and_each_repeat_is_one():
    records = [
        record(1.0, 0.5, repeats=2),
        record(1.0, ending=Ending.RUNNING),
        record(ending=Ending.ERROR),
        record(),  # took the score of another trial
        record(9.0, ending=Ending.DIVERGED),
        record(8.0, ending=Ending.DIVERGED),
    ]
    assert [len(training) for training in trainings(records)] == [2, 2]
    assert measure(Quantity(source="loss", header="x"), "a", records).values == (0.5, 0.5)
    assert trainings_text(records) == "2, 1 running, 1 error, 2 diverged"
    assert trainings_text([]) == "not run"


def test_the_mean_is_compared_with_the_published_value():
    found = measure(
        Quantity(source="loss", header="x", published={"a": 2}, band={"a": 1}),
        "a",
        [record(1.0), record(3.5)],
    )
    assert (found.mean, found.published, found.band) == (2.25, 2.0, 1.0)
    assert found.deviation == pytest.approx(1.25 * 2**0.5)
    assert (found.gap, found.difference, found.is_inside) == (0.25, 12.5, True)


def test_what_is_not_known_is_none():
    nothing = Measured((), published=1.0, band=0.5)
    assert nothing.mean is nothing.deviation is nothing.gap is nothing.difference is None
    assert nothing.is_inside is None
    assert Measured((1.0,)).deviation is Measured((1.0,)).gap is Measured((1.0,)).is_inside is None
    assert Measured((1.0,), published=0.0).difference is None
    assert Measured((1.0,), published=1.0).is_inside is None


@pytest.mark.parametrize(
    ("value", "is_inside"), [(2.5, True), (1.9, True), (2.501, False), (1.899, False)]
)
def test_the_edge_of_a_band_belongs_to_it(value, is_inside):
    assert Measured((value,), published=2.2, band=0.3).is_inside is is_inside
