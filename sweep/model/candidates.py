"""Configurations that may be worth a training, and the way from one to better ones."""

from collections.abc import Callable

import numpy as np

from sweep.model.axes import Axis
from sweep.model.columns import Columns, Matrix

N_RANDOM, N_CHANGED = 300, 200
"""How many are drawn at random, and how many are good ones with one or two parameters changed."""

N_STARTS, N_ROUNDS = 2, 5
"""From how many of the best ones a search begins, and how often each is improved at most."""

NEAR = 0.1
"""Standard deviation of a change of a continuous parameter, relative to its range."""

STEPS = np.array([-0.2, -0.05, -0.01, 0.01, 0.05, 0.2])
"""Changes of a continuous parameter that the search tries."""

Score = Callable[[Matrix], Matrix]
"""Rates rows, (n, parameters) to (n,); higher is better."""


def best_of(columns: Columns, good: Matrix, score: Score, rng: np.random.Generator) -> Matrix:
    """Return the row that rates highest of all that a search finds.

    Args:
        columns: The parameters.
        good: (n, parameters) rows near which better ones are likely; n may be 0.
        score: Rates rows.
        rng: Random numbers that nothing else uses.
    """
    rows = some(columns, good, rng)
    scores = score(rows)
    order = np.argsort(-scores, kind="stable")[:N_STARTS]
    found = [_climb(columns, rows[place], float(scores[place]), score) for place in order]
    return max(found, key=lambda pair: pair[1])[0]


def some(columns: Columns, good: Matrix, rng: np.random.Generator) -> Matrix:
    """Return rows drawn at random, and good ones with one or two parameters changed."""
    rows = draw(columns, N_RANDOM, rng)
    return np.vstack([rows, _changed(columns, good, rng)]) if len(good) else rows


def draw(columns: Columns, n: int, rng: np.random.Generator) -> Matrix:
    """Return n rows drawn at random."""
    drawn = _drawn(columns, n, rng)
    return columns.settle(drawn, drawn)


def _drawn(columns: Columns, n: int, rng: np.random.Generator) -> Matrix:
    return np.stack([_numbers(axis, n, rng) for axis in columns.axes], axis=1)


def _numbers(axis: Axis, n: int, rng: np.random.Generator) -> Matrix:
    """Return n numbers of a parameter, drawn at random."""
    if not axis.n_levels:
        return rng.random(n)
    return np.asarray(axis.levels[rng.integers(axis.n_levels, size=n)])


def _changed(columns: Columns, good: Matrix, rng: np.random.Generator) -> Matrix:
    """Return good rows, in each of which one or two parameters are changed."""
    rows = good[rng.integers(len(good), size=N_CHANGED)]
    fill = _drawn(columns, N_CHANGED, rng)
    for share in (1.0, 0.4):
        places = rng.integers(len(columns.axes), size=N_CHANGED)
        is_changed = rng.random(N_CHANGED) < share
        for place, axis in enumerate(columns.axes):
            here = np.flatnonzero(is_changed & (places == place))
            rows[here, place] = _near(axis, rows[here, place], rng)
    return columns.settle(rows, fill)


def _near(axis: Axis, numbers: Matrix, rng: np.random.Generator) -> Matrix:
    """Return numbers near those of a parameter; any others if it has no order."""
    n = len(numbers)
    if not axis.n_levels:
        return np.clip(numbers + NEAR * rng.standard_normal(n), 0.0, 1.0)
    levels = axis.levels
    if not axis.is_ordered or axis.n_levels <= 2:
        return np.asarray(levels[rng.integers(axis.n_levels, size=n)])
    places = np.abs(np.nan_to_num(numbers)[:, None] - levels).argmin(axis=1)
    steps = rng.choice([-2, -1, -1, 1, 1, 2], size=n)
    return np.asarray(levels[np.clip(places + steps, 0, axis.n_levels - 1)])


def _climb(columns: Columns, row: Matrix, highest: float, score: Score) -> tuple[Matrix, float]:
    """Return the row to which changes of single parameters lead, and how it rates."""
    for _ in range(N_ROUNDS):
        rows = _neighbours(columns, row)
        scores = score(rows)
        place = int(scores.argmax()) if len(rows) else 0
        if not len(rows) or scores[place] <= highest:
            break
        row, highest = rows[place], float(scores[place])
    return row, highest


def _neighbours(columns: Columns, row: Matrix) -> Matrix:
    """Return the rows that differ from one in a parameter that it has."""
    changed = [np.empty((0, len(row)))]
    for place in np.flatnonzero(~np.isnan(row)):
        others = _others(columns.axes[place], float(row[place]))
        changed.append(np.tile(row, (len(others), 1)))
        changed[-1][:, place] = others
    found = np.concatenate(changed)
    return columns.settle(found, np.broadcast_to(_middle(columns), found.shape))


def _middle(columns: Columns) -> Matrix:
    levels = [axis.levels for axis in columns.axes]
    return np.array([some[len(some) // 2] if len(some) else 0.5 for some in levels])


def _others(axis: Axis, number: float) -> Matrix:
    if not axis.n_levels:
        return np.unique(np.clip(number + STEPS, 0.0, 1.0))
    levels = axis.levels
    place = int(np.abs(levels - number).argmin())
    if axis.is_ordered and axis.n_levels > 10:
        near = [place + step for step in (-4, -1, 1, 4)]
        return levels[[p for p in near if 0 <= p < axis.n_levels]]
    return np.delete(levels, place)
