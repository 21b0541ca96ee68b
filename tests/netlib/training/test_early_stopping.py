"""Early stopping as a function from memory to memory."""

import json

import pytest

import netlib as nl


def watch(stopping: nl.EarlyStopping, losses: list[float]) -> tuple[int, dict]:
    """Return the number of the epoch that exhausts the patience (0: none), and the memory."""
    memory = stopping.start()
    for number, loss in enumerate(losses, start=1):
        memory = stopping.update(memory, number, {stopping.metric: loss}, {})
        if stopping.exhausted(memory):
            return number, memory
    return 0, memory


def test_patience_counts_epochs_without_improvement():
    stopping = nl.EarlyStopping("loss", patience=2)
    number, memory = watch(stopping, [5, 4, 4.5, 3, 3, 3.5, 1])
    assert number == 6
    assert memory["best"]["epoch"] == 4


def test_steady_improvement_never_stops():
    assert watch(nl.EarlyStopping("loss", patience=1), [5, 4, 3, 2, 1])[0] == 0


def test_small_steps_count_once_they_add_up_to_the_least_improvement():
    stopping = nl.EarlyStopping("loss", patience=3, min_delta=0.1)
    assert watch(stopping, [100, 96, 92, 89, 85, 81, 79])[0] == 0
    assert watch(stopping, [100, 98, 96, 94, 80])[0] == 4


def test_the_best_epoch_is_the_lowest_even_if_it_did_not_count_as_improvement():
    stopping = nl.EarlyStopping("loss", patience=3, min_delta=0.1)
    assert watch(stopping, [100, 98, 96, 97])[1]["best"]["epoch"] == 3


def test_the_memory_is_json_and_the_old_one_stays():
    stopping = nl.EarlyStopping("loss")
    memory = stopping.start()
    later = stopping.update(memory, 1, {"loss": 2.0}, {})
    assert memory == stopping.start()
    assert json.loads(json.dumps(later)) == later


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.EarlyStopping(patience=0), r"EarlyStopping: expected patience to be an int"),
        (lambda: nl.EarlyStopping(min_delta=1), r"expected min_delta in \[0, 1\), got 1; choose"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()
