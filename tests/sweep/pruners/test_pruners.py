"""Pruners: pure functions, so that their promises can be checked on any set of curves."""

import random
from importlib import import_module
from itertools import product
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
from sweep.pruners.freeze_thaw import FreezeThaw
from sweep.pruners.hyperband import Hyperband
from sweep.pruners.median import Median
from sweep.pruners.patient import Patient
from sweep.pruners.percentile import Percentile
from sweep.pruners.pruner import Curve as PrunerCurve
from sweep.pruners.pruner import Peers, Pruner
from sweep.pruners.threshold import Threshold
from sweep.pruners.wilcoxon import MAX_EXACT, Wilcoxon, chance_of_as_bad
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
    return pruner.prunes(curve, Peers(at, complete, np.array(reached, dtype=int), lambda: best))


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


# Hyperband


def test_hyperband_has_a_first_rung_for_each_bracket():
    band = Hyperband(max_epochs=9, factor=3)
    firsts = {band.bracket(number): band.next_rung(number, 0) for number in range(40)}
    assert firsts == {0: 1, 1: 3, 2: None}
    assert [band.decides_after(epoch) for epoch in range(1, 10)] == [
        e in (1, 3) for e in range(1, 10)
    ]


def test_hyperband_gives_each_bracket_its_share_of_any_trials_in_a_row():
    band = Hyperband(max_epochs=9, factor=3)  # 9, 5 and 3 trials of 17
    for begin in (0, 100, 1000):
        brackets = [band.bracket(number) for number in range(begin, begin + 34)]
        for bracket, share in enumerate((18, 10, 6)):
            assert abs(brackets.count(bracket) - share) <= 2


def test_hyperband_compares_only_trials_of_a_bracket():
    band = Hyperband(max_epochs=9, factor=3, resume=False)
    mine = next(number for number in range(9, 99) if band.bracket(number) == 0)
    others = [number for number in range(mine) if band.bracket(number) != 0]
    same = [number for number in range(mine) if band.bracket(number) == 0]
    complete = np.zeros(3, bool)
    better = Peers(np.zeros(3), complete, np.array(others[:3]))
    assert not band.prunes(PrunerCurve([1.0], mine), better)
    assert band.prunes(PrunerCurve([1.0], mine), better._replace(numbers=np.array(same[:3])))


# Percentile, Threshold, Patient


def test_percentile_keeps_the_best_share_of_complete_trials():
    others = [Curve([9.0, value], complete=True) for value in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert not prunes(Percentile(25), [9.0, 2.0], others)
    assert prunes(Percentile(25), [9.0, 2.1], others)
    assert not prunes(Percentile(25, min_trials=6), [9.0, 9.0], others)
    assert [Percentile(warmup_epochs=2).decides_after(epoch) for epoch in (2, 3)] == [False, True]


@given(st.lists(VALUES, min_size=1, max_size=9), CURVES)
def test_median_is_the_50th_percentile(values, others):
    assert prunes(Median(), values, others) == prunes(Percentile(50), values, others)


@pytest.mark.parametrize(
    ("threshold", "metric", "pruned"),
    [
        (Threshold(upper=0.5), 0.5, False),
        (Threshold(upper=0.5), 0.6, True),
        (Threshold(lower=0.1), 0.05, True),
        (Threshold(lower=0.1, upper=0.5), 0.3, False),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_threshold_bounds_the_metric_as_the_study_reports_it(threshold, metric, pruned, sign):
    assert prunes(threshold, [0.3, sign * metric], [], sign=sign) == pruned


def test_patient_waits_while_a_trial_improves():
    others = [Curve([0.0] * 5, complete=True)] * 5
    patient = Patient(Median(0), patience=2)
    assert not patient.decides_after(2)
    assert not prunes(patient, [5.0, 5.0, 4.0], others)
    assert prunes(patient, [5.0, 5.0, 4.0, 4.0, 4.0], others)
    assert prunes(Patient(Median(0), patience=2, min_change=1.5), [5.0, 5.0, 4.0], others)
    assert not prunes(patient, [5.0, 0.0, 4.0, 4.0, 4.0], others)  # the other does not stop it
    assert prunes(Patient(patience=2), [0.0, 1.0, 1.0], [])


def test_patient_decides_where_the_other_pruner_does():
    patient = Patient(Asha(min_epochs=2, factor=2, resume=False), patience=2)
    assert [epoch for epoch in range(1, 20) if patient.decides_after(epoch)] == [4, 8, 16]


# Wilcoxon


def chance(differences):
    return chance_of_as_bad(np.array(differences, float))


def test_wilcoxons_test_counts_orders_of_signs():
    assert chance([1, 2, 3, 4]) == 1 / 16
    assert chance([1, 2, 3, -4]) == 7 / 16  # 1+2+3, or more
    assert chance([0, 1, 1, 1]) == 1 / 8  # equal pairs say nothing
    assert chance([0, 0]) == 1
    by_hand = chance([1, 1, -1])  # ranks of 2 each: at least two of three positive
    assert by_hand == 4 / 8


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9))
def test_wilcoxons_chance_is_that_of_all_orders_of_signs(differences):
    sizes = [abs(d) for d in differences if d]
    ranks = [sum(o < s for o in sizes) + (sizes.count(s) + 1) / 2 for s in sizes]
    positive = sum(r for r, d in zip(ranks, filter(None, differences), strict=True) if d > 0)
    orders = product((0, 1), repeat=len(ranks))
    sums = [float(np.dot(ranks, order)) for order in orders]
    assert chance(differences) == pytest.approx(sum(s >= positive for s in sums) / len(sums))


def test_wilcoxons_chance_of_many_pairs_is_nearly_the_exact_one():
    draws = np.random.default_rng(0)
    differences = draws.normal(0.2, 1, MAX_EXACT)
    more = np.append(differences, 1e-9)
    assert chance(more) == pytest.approx(chance(differences), abs=0.03)


def test_wilcoxon_stops_what_is_worse_pair_by_pair():
    pruner = Wilcoxon(p=0.1, min_pairs=3)
    best = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert prunes(pruner, [1.1, 2.2, 3.3, 4.4], [], best)
    assert not prunes(pruner, [1.1, 2.2, 3.3], [], best)  # 1/8 by chance
    assert not prunes(pruner, [0.9, 2.2, 2.5, 4.4], [], best)
    assert not prunes(pruner, [9.0, 9.0, 9.0, 9.0], [])  # nothing to compare with
    assert [pruner.decides_after(n) for n in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hyperband(max_epochs=2, min_epochs=3), r"Hyperband: expected 1 <= min_epochs <= "),
        (lambda: FreezeThaw(max_epochs=1), r"FreezeThaw: expected 1 <= min_epochs < max_epochs"),
        (lambda: FreezeThaw(max_epochs=9, factor=1), r"factor >= 2, got 1, 9 and 1; change them"),
        (lambda: Hyperband(max_epochs=9, factor=1), r"Hyperband: .* factor >= 2, got 1, 9 and 1"),
        (lambda: Percentile(100), r"Percentile: expected 0 < percent < 100, .*, got 100, 1 and 5"),
        (lambda: Threshold(), r"Threshold: expected lower <= upper, or one of them, .* None, None"),
        (lambda: Threshold(2, 1), r"Threshold: expected lower <= upper, .*, got 2, 1 and 0"),
        (lambda: Patient(patience=0), r"Patient: expected patience >= 1 .*, got 0 and 0.0"),
        (lambda: Patient("median"), r"Patient: expected one of the pruners of sweep, .* 'median'"),
        (lambda: Patient(Asha()), r"Patient: expected a pruner that stops trials, .* resume=False"),
        (lambda: Wilcoxon(p=1), r"Wilcoxon: expected 0 < p < 1 and min_pairs >= 2, got 1 and 3"),
    ],
)
def test_other_pruners_refuse_numbers_that_are_none(make, message):
    with pytest.raises(StudyError, match=message):
        make()
