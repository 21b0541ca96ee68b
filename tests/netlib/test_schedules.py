"""Schedules: values by epoch."""

import pytest

import netlib as nl


def test_constant_stays():
    assert [nl.constant(0.1)(e) for e in (0, 0.5, 99)] == [0.1, 0.1, 0.1]


def test_step_halving_halves_at_the_start_of_every_third_epoch():
    rate = nl.step_halving(8.0, every=3)
    assert [rate(e) for e in (0, 2.99, 3, 5.5, 6, 9)] == [8, 8, 4, 4, 2, 1]


def test_warmup_rises_by_equal_steps_and_then_halves():
    rate = nl.warmup_halving(5.0, warmup=5, every=2)
    assert [rate(e) for e in range(12)] == [1, 2, 3, 4, 5, 5, 5, 2.5, 2.5, 1.25, 1.25, 0.625]
    assert rate(0.5) == rate(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.constant(-1), r"constant: expected learning_rate in \[0, inf\), got -1"),
        (lambda: nl.constant(float("inf")), r"expected learning_rate in \[0, inf\), got inf"),
        (lambda: nl.step_halving(-1, 2), r"step_halving: expected learning_rate in"),
        (lambda: nl.step_halving(1, 0), r"step_halving: expected every to be an integer >= 1"),
        (lambda: nl.warmup_halving(-1, 2, 2), r"warmup_halving: expected learning_rate in"),
        (lambda: nl.warmup_halving(1, 0, 2), r"warmup_halving: expected warmup to be an integer"),
        (lambda: nl.warmup_halving(1, 2, 0), r"warmup_halving: expected every to be an integer"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()
