"""Pruners: pure functions, so that their promises can be checked on any set of curves."""

import random
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweep
from sweep import pruners
from sweep.errors import StudyError
from sweep.pruners.asha import Asha
from sweep.pruners.median import Median
from sweep.pruners.pruner import Curve as PrunerCurve
from sweep.pruners.pruner import Peers, Pruner
from sweep.study.study import RULES


class Curve(NamedTuple):
    values: list[float]
    complete: bool


VALUES = st.floats(-1e6, 1e6)
CURVES = st.lists(
    st.builds(Curve, st.lists(VALUES, min_size=1, max_size=9), st.booleans()), max_size=20
)


def prunes(pruner, values, others, best=(), sign=1):
    """Whether a trial with these values is stopped, given the curves of all others."""
    epoch = len(values)
    reached = [i for i, curve in enumerate(others) if len(curve.values) >= epoch]
    at = np.array([others[i].values[epoch - 1] for i in reached], dtype=float)
    complete = np.array([others[i].complete for i in reached], dtype=bool)
    curve = PrunerCurve(values, len(others), sign)
    return pruner.prunes(curve, Peers(at, complete, np.array(reached, dtype=int), best))


def run_one_after_another(pruner, values, n_epochs):
    """How many of the trials with these (constant) values the pruner stops."""
    others, n_pruned = [], 0
    for value in values:
        curve = []
        pruned = False
        while len(curve) < n_epochs and not pruned:
            curve.append(value)
            pruned = pruner.decides_after(len(curve)) and prunes(pruner, curve, others)
        n_pruned += pruned
        others.append(Curve(curve, complete=not pruned))
    return n_pruned


@pytest.mark.parametrize("pruner", [Asha(), Median()])
def test_both_are_pruners(pruner):
    assert isinstance(pruner, Pruner)


# Asha


@pytest.mark.parametrize(
    ("asha", "rungs"),
    [
        (Asha(), [1, 3, 9, 27]),
        (Asha(min_epochs=2, factor=4), [2, 8, 32]),
        (Asha(min_epochs=5, factor=2), [5, 10, 20]),
        (Asha(max_epochs=9), [1, 3]),
        (Asha(max_epochs=10), [1, 3, 9]),
        (Asha(max_epochs=1), []),
    ],
)
def test_asha_decides_at_its_rungs_before_the_last_epoch(asha, rungs):
    assert [epoch for epoch in range(1, 40) if asha.decides_after(epoch)] == rungs


@pytest.mark.parametrize(
    ("at_rung", "kept_up_to"),
    [
        ([], 99.0),  # the first one to come goes on
        ([2.0], 2.0),  # then only the best so far
        ([1.0, 2.0], 1.0),
        ([1.0, 2.0, 3.0, 4.0], 1.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 2.0),  # six with this one: two of them go on
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 3.0),
    ],
)
def test_asha_keeps_the_best_third_of_those_that_reached_the_rung(at_rung, kept_up_to):
    others = [Curve([value], complete=False) for value in at_rung]
    assert not prunes(Asha(), [kept_up_to], others)
    assert not others or prunes(Asha(), [kept_up_to + 0.5], others)


def test_asha_compares_only_with_trials_that_reached_the_rung_and_at_that_epoch():
    others = [
        Curve([0.0, 0.0], complete=False),  # better, but not there yet
        Curve([0.0, 0.0, 5.0, 0.0], complete=True),  # better before and after, not at epoch 3
    ]
    assert not prunes(Asha(), [9.0, 9.0, 4.0], others)
    assert prunes(Asha(), [0.0, 0.0, 6.0], others)


@given(st.integers(2, 5), st.integers(1, 9), st.floats(0, 10), CURVES)
def test_asha_never_stops_the_best_so_far(factor, epoch, lead, others):
    at_rung = [curve.values[epoch - 1] for curve in others if len(curve.values) >= epoch]
    values = [0.0] * (epoch - 1) + [min(at_rung, default=0.0) - lead]
    assert not prunes(Asha(factor=factor), values, others)


@given(st.integers(2, 5), st.lists(VALUES, min_size=1, max_size=9), CURVES, st.floats(0, 10))
def test_asha_that_stops_a_trial_stops_any_worse_one(factor, values, others, loss):
    asha = Asha(factor=factor)
    worse = [*values[:-1], values[-1] + loss]
    assert prunes(asha, worse, others) or not prunes(asha, values, others)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_asha_stops_all_but_one_in_factor_at_a_rung(factor):
    draws = random.Random(1)
    values = [draws.random() for _ in range(1000)]
    n_pruned = run_one_after_another(Asha(factor=factor, max_epochs=2), values, n_epochs=2)
    assert n_pruned / 1000 == pytest.approx(1 - 1 / factor, abs=0.05)


def test_asha_gives_fewer_trials_more_epochs_rung_by_rung():
    draws = random.Random(2)
    values = [draws.random() for _ in range(900)]
    asha = Asha(max_epochs=9)
    n_past_first = 900 - run_one_after_another(Asha(max_epochs=2), values, n_epochs=9)
    n_past_all = 900 - run_one_after_another(asha, values, n_epochs=9)
    assert n_past_first == pytest.approx(300, abs=45)
    assert n_past_all == pytest.approx(100, abs=30)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_epochs": 0}, r"Asha: expected min_epochs >= 1 and factor >= 2, got min_epochs=0, f"),
        ({"factor": 1}, r"Asha: expected .* got min_epochs=1, factor=1; raise them"),
    ],
)
def test_asha_refuses_rungs_that_are_none(arguments, message):
    with pytest.raises(StudyError, match=message):
        Asha(**arguments)


# Median


@pytest.mark.parametrize(("warmup_epochs", "first"), [(0, 1), (1, 2), (4, 5)])
def test_median_decides_after_each_epoch_past_the_warm_up(warmup_epochs, first):
    median = Median(warmup_epochs=warmup_epochs)
    assert [e for e in range(1, 8) if median.decides_after(e)] == list(range(first, 8))


def test_median_stops_what_is_worse_than_half_of_the_complete_trials():
    others = [Curve([9.0, value], complete=True) for value in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert not prunes(Median(), [9.0, 3.0], others)
    assert prunes(Median(), [9.0, 3.1], others)


def test_median_judges_a_trial_by_its_best_value_so_far():
    others = [Curve([9.0, 3.0], complete=True)] * 5
    assert not prunes(Median(), [2.0, 9.0], others)


def test_median_waits_for_enough_complete_trials():
    complete = [Curve([1.0], complete=True)] * 4
    running = [Curve([1.0], complete=False)] * 9
    assert not prunes(Median(), [2.0], complete + running)
    assert prunes(Median(), [2.0], [*complete, Curve([1.0], complete=True)])
    assert prunes(Median(min_trials=4), [2.0], complete)


def test_median_leaves_out_trials_that_were_complete_before_this_epoch():
    others = [Curve([1.0], complete=True)] * 5 + [Curve([1.0, 3.0], complete=True)] * 5
    assert not prunes(Median(), [9.0, 2.0], others)


@given(st.lists(VALUES, min_size=1, max_size=9), CURVES)
def test_median_never_stops_the_best_so_far(values, others):
    best = min((min(curve.values) for curve in others), default=0.0)
    assert not prunes(Median(min_trials=1), [*values[:-1], best], others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"warmup_epochs": -1},
            r"Median: expected warmup_epochs >= 0 .*, got warmup_epochs=-1, mi",
        ),
        ({"min_trials": 0}, r"Median: expected .* min_trials >= 1, .*min_trials=0; raise them"),
    ],
)
def test_median_refuses_numbers_that_are_none(arguments, message):
    with pytest.raises(StudyError, match=message):
        Median(**arguments)


# Every pruner


def test_every_pruner_is_public_and_in_the_law_of_studies():
    folder = Path(pruners.__file__).parent
    modules = [import_module(f"sweep.pruners.{path.stem}") for path in folder.glob("[a-z]*.py")]
    found = {
        name
        for module in modules
        for name, kind in vars(module).items()
        if getattr(kind, "__module__", "") == module.__name__ and hasattr(kind, "decides_after")
    }
    for name in found - {"Pruner", "Halving"}:
        assert name in sweep.__all__
        assert f"{name}(...)" in RULES["pruner"][0]
    assert len(found) > 2
