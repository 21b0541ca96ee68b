"""Pareto fronts: against the definition on random points, and by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.trials.front import (
    crowding,
    front_of,
    hypervolume,
    knee_of,
    points_of,
    ranks,
    with_trial,
)
from sweep.trials.records import TrialRecord

POINTS = st.integers(1, 3).flatmap(
    lambda m: st.lists(st.tuples(*[st.integers(0, 4)] * m), min_size=1, max_size=30)
)


def record(number, *scores, violated=False):
    violations = {"size": 0.5 if violated else -0.5}
    score, further = (scores[0], scores[1:]) if scores else (None, ())
    return TrialRecord(
        number, {}, {}, {}, 0, 0, score=score, further_scores=further, violations=violations
    )


def dominates(one, other):
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other


def numbers(records):
    return [r.number for r in records]


@given(POINTS)
def test_ranks_are_the_fronts_that_are_left_when_the_ones_before_are_taken_out(points):
    ranked = ranks(np.array(points, float)).tolist()
    for point, rank in zip(points, ranked, strict=True):
        rivals = [other for other, of in zip(points, ranked, strict=True) if of >= rank]
        assert not any(dominates(other, point) for other in rivals)
        ahead = [other for other, of in zip(points, ranked, strict=True) if of == rank - 1]
        assert rank == 0 or any(dominates(other, point) for other in ahead)


@given(POINTS, st.randoms())
def test_the_front_is_what_nothing_dominates_in_whatever_order_it_grows(points, random):
    signs = [random.choice((1, -1)) for _ in points[0]]
    scores = [tuple(s * x for s, x in zip(signs, point, strict=True)) for point in points]
    records = [record(i, *scored) for i, scored in enumerate(scores)]
    expected = {i for i, p in enumerate(points) if not any(dominates(q, p) for q in points)}
    front = front_of(signs, records)
    if len(signs) == 1:
        assert numbers(front) == [min(expected)]
        return
    assert set(numbers(front)) == expected
    assert [signs[0] * r.scores[0] for r in front] == sorted(signs[0] * r.scores[0] for r in front)
    random.shuffle(records)
    grown = []
    for one in records:
        grown = with_trial(grown, one, signs)
    assert set(numbers(grown)) == expected


def test_what_has_no_score_or_violates_a_constraint_is_on_no_front():
    records = [record(0), record(1, 1, 9, violated=True), record(2, 2, 3), record(3, 3, 3)]
    assert numbers(front_of([1, 1], records)) == [2]
    assert numbers(front_of([1], [record(0, 1, violated=True), record(1, 2)])) == [1]
    assert front_of([1, 1], []) == front_of([1], [record(0)]) == []


def test_the_knee_has_the_least_sum_of_scaled_objectives():
    front = [record(0, 0.01, 100), record(1, 0.02, 20), record(2, 0.08, 10), record(3, 0.2, 9)]
    assert knee_of(front, [1, 1]).number == 1
    assert knee_of(front[:1], [1, 1]).number == 0
    assert knee_of([], [1, 1]) is None
    maximised = [record(0, 0.99, 100), record(1, 0.98, 20), record(2, 0.8, 9)]
    assert knee_of(maximised, [-1, 1]).number == 1


def test_the_ends_are_farthest_apart_then_what_has_much_room():
    apart = crowding(np.array([[0, 4], [1, 3], [3.5, 0.5], [4, 0]], float))
    assert apart.tolist() == [np.inf, 0.875 + 0.875, 0.75 + 0.75, np.inf]
    assert crowding(np.ones((3, 2))).tolist() == [0, 0, 0]
    assert crowding(np.empty((0, 2))).tolist() == []


@given(POINTS)
def test_the_hypervolume_counts_the_cells_that_are_dominated(points):
    m = len(points[0])
    cells = product(range(5), repeat=m)
    covered = sum(any(all(p <= c for p, c in zip(q, cell, strict=True)) for q in points)
                  for cell in cells)  # fmt: skip
    assert hypervolume(np.array(points, float), [5.0] * m) == pytest.approx(covered)
    assert hypervolume(np.array(points, float), [0.0] * m) == 0


def test_points_are_lower_when_better():
    assert points_of([record(0, 1, 2)], [1, -1]).tolist() == [[1, -2]]
    assert points_of([], [1, -1]).shape == (0, 2)
