"""Several objectives: which trials are on the Pareto front, and which of these is its knee.

A trial dominates another if it is no worse in any objective and better in at least one.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sweep.trials.ranking import best_of
from sweep.trials.records import TrialRecord

Points = NDArray[np.float64]
"""(n, m) the values of m objectives of n trials, each lower when better."""


def points_of(records: Iterable[TrialRecord], signs: Sequence[int]) -> Points:
    """Return the objectives of trials that have scores.

    Args:
        records: The trials.
        signs: For each objective, 1 where a lower value is better, -1 where a higher one is.
    """
    rows = [record.scores for record in records]
    values = np.array(rows, np.float64).reshape(len(rows), len(signs))
    return np.asarray(values * np.array(signs), np.float64)


def front_of(signs: Sequence[int], records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return the feasible complete trials that none dominates, best by the first objective first.

    With one objective that is the best trial, the first of equal ones.

    Args:
        signs: For each objective, 1 where a lower value is better, -1 where a higher one is.
        records: Any trials, in the order of their numbers.
    """
    if len(signs) == 1:
        best = best_of(signs[0], records)
        return [best] if best is not None else []
    front: list[TrialRecord] = []
    for record in records:
        front = with_trial(front, record, signs)
    return sorted(front, key=lambda r: (signs[0] * r.scores[0], r.number))


def with_trial(
    front: list[TrialRecord], record: TrialRecord, signs: Sequence[int]
) -> list[TrialRecord]:
    """Return a front of several objectives after another trial, in the order of their ends."""
    if record.score is None or not record.is_feasible:
        return front
    points, point = points_of(front, signs), points_of([record], signs)
    if _dominates(points, point).any():
        return front
    gone = _dominates(point, points)
    return [*(r for r, is_gone in zip(front, gone, strict=True) if not is_gone), record]


def knee_of(front: Sequence[TrialRecord], signs: Sequence[int]) -> TrialRecord | None:
    """Return the knee of a front: its trial with the least sum of objectives, scaled to 0..1.

    0 is the best value on the front and 1 the worst. With two objectives, that is the trial
    farthest below the straight line between the ends of the front, where more of one objective
    begins to cost more of the other than it saves. None for an empty front.

    Source: Das 1999, "On characterizing the 'knee' of the Pareto curve based on normal-boundary
    intersection", for the line or plane through the best value of each objective.
    """
    if not front:
        return None
    points = points_of(front, signs)
    low, high = points.min(axis=0), points.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return front[int(((points - low) / width).sum(axis=1).argmin())]


def ranks(points: Points) -> NDArray[np.int64]:
    """Return (n,) non-dominated ranks: 0 on the front, 1 on the front of the others, and so on."""
    no_worse = np.asarray((points[:, None] <= points).all(axis=2))
    dominates = no_worse & ~no_worse.T
    n_better = dominates.sum(axis=0)
    ranked, rank = np.full(len(points), -1), 0
    while (front := (ranked < 0) & (n_better == 0)).any():
        ranked[front] = rank
        n_better -= dominates[front].sum(axis=0)
        rank += 1
    return ranked


def crowding(points: Points) -> NDArray[np.float64]:
    """Return (n,) how far the neighbours of each point are apart; infinite at the ends.

    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II".
    """
    total = np.zeros(len(points))
    for values in points.T:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        width = ordered[-1] - ordered[0] if len(ordered) else 0.0
        if width > 0:
            total[order[1:-1]] += (ordered[2:] - ordered[:-2]) / width
            total[order[[0, -1]]] = np.inf
    return total


def hypervolume(points: Points, worst: Sequence[float] | Points) -> float:
    """Return the volume between these points and a worst one that at least one of them dominates.

    Args:
        points: (n, m), m >= 1.
        worst: (m,) the corner opposite to the front.
    """
    corner = np.asarray(worst, np.float64)
    inside = points[(points < corner).all(axis=1)]
    if not len(inside):
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - inside.min())
    inside = inside[np.argsort(inside[:, -1], kind="stable")]
    ends = [*inside[1:, -1], corner[-1]]
    heights = np.array(ends) - inside[:, -1]
    return sum(
        float(height) * hypervolume(inside[: i + 1, :-1], corner[:-1])
        for i, height in enumerate(heights)
        if height > 0
    )


def _dominates(points: Points, others: Points) -> NDArray[np.bool_]:
    """Return whether each point dominates each other one; one of the two may be a single one."""
    return np.asarray((points <= others).all(axis=1) & (points < others).any(axis=1))
