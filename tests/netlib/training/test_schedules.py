"""Schedules: values by epoch, and what all of them promise."""

import inspect
from itertools import pairwise

import pytest

import netlib as nl

SCHEDULES = {
    "constant": nl.constant(2.0),
    "step_halving": nl.step_halving(2.0, every=3),
    "warmup_halving": nl.warmup_halving(2.0, warmup=3, every=2),
    "cosine": nl.cosine(2.0, 9, warmup=1.5, floor=0.1),
    "linear": nl.linear(2.0, 9),
}


def test_every_public_schedule_is_in_the_table():
    functions = filter(inspect.isfunction, (getattr(nl, name) for name in nl.__all__))
    assert SCHEDULES.keys() == {
        function.__name__
        for function in functions
        if function.__module__ == "netlib.training.schedules"
    }


@pytest.mark.parametrize("rate", SCHEDULES.values(), ids=SCHEDULES)
def test_rates_lie_between_zero_and_the_peak_and_depend_on_the_epoch_alone(rate):
    epochs = [step / 8 for step in range(100)]  # beyond the end as well
    rates = [rate(e) for e in epochs]
    assert min(rates) >= 0
    assert max(rates) == 2
    assert [rate(e) for e in reversed(epochs)] == rates[::-1]


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
    ("make", "middle"), [(nl.cosine, 1 + 8 * (1 + 0.5**0.5) / 2), (nl.linear, 1 + 8 * 0.75)]
)
def test_smooth_schedules_rise_for_the_warmup_and_fall_to_the_floor(make, middle):
    rate = make(9.0, 10, warmup=2, floor=1.0)
    rates = [rate(e) for e in (0, 0.5, 1, 2, 4, 6, 10, 11)]
    assert rates == pytest.approx([1, 3, 5, 9, middle, 5, 1, 1])


@pytest.mark.parametrize("make", [nl.cosine, nl.linear])
def test_smooth_schedules_start_at_the_peak_without_warmup_and_never_jump(make):
    rate = make(2.0, 3)
    rates = [rate(step / 100) for step in range(301)]
    assert (rates[0], rates[150], rates[300]) == pytest.approx((2, 1, 0))
    assert all(0 < before - after < 0.02 for before, after in pairwise(rates))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.cosine(-1, 5), r"cosine: expected peak in \[0, inf\), got -1"),
        (lambda: nl.cosine(1, 0), r"cosine: expected epochs in \(0, inf\), got 0"),
        (lambda: nl.cosine(1, 5, warmup=5), r"cosine: expected warmup in \[0, 5\), got 5"),
        (lambda: nl.linear(1, 5, floor=2), r"linear: expected floor in \[0, 1\], got 2"),
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
