"""Configurations as rows of numbers, with the parameters that not every configuration has."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sweep.model.axes import Axis, axes_of
from sweep.trials.domains import Domain, Params

Matrix = NDArray[np.float64]

ABSENT = 0.5
"""What the kernel sees of a parameter that a configuration does not have."""


class Columns:
    """The parameters of a study, as known from its trials.

    A configuration is a row with a number from 0 to 1 per parameter, NaN for one that it does not
    have. Whether it has one is taken to depend on the value of a single other parameter, as far as
    the trials show.

    Attributes:
        axes: The parameters.
        column_axes: (columns,) the parameter of each column that the kernel sees.
        known: (trials, parameters) the rows of the trials.
    """

    def __init__(self, domains: Mapping[str, Domain], trials: Sequence[Params]) -> None:
        """Learn from the parameters of at least one trial.

        Args:
            domains: What each parameter is drawn from.
            trials: The parameters of each trial.
        """
        self.axes = axes_of(domains)
        self._widths = [1 if axis.is_ordered else axis.n_levels for axis in self.axes]
        self.column_axes = np.repeat(np.arange(len(self.axes)), self._widths)
        self.known = self.rows(trials)
        self._rules = _rules(self.axes, self.known)

    def rows(self, trials: Sequence[Params]) -> Matrix:
        """Return the rows, (n, parameters), of the parameters of trials."""
        rows = np.full((len(trials), len(self.axes)), np.nan)
        for column, axis in zip(rows.T, self.axes, strict=True):
            have = [i for i, params in enumerate(trials) if axis.name in params]
            column[have] = axis.numbers([trials[i][axis.name] for i in have])
        return rows

    def are_known(self, rows: Matrix) -> NDArray[np.bool_]:
        """Return which of some rows a trial has, (n,)."""
        return np.array([key in self._keys for key in keys_of(rows)], bool)

    @cached_property
    def _keys(self) -> set[bytes]:
        return set(keys_of(self.known))

    def params(self, row: Matrix) -> Params:
        """Return the parameters of a row."""
        pairs = zip(self.axes, row.tolist(), strict=True)
        return {axis.name: axis.value(number) for axis, number in pairs if number == number}

    def seen(self, rows: Matrix) -> Matrix:
        """Return what the kernel sees of rows, (n, columns).

        The distance between two choices without an order is 1, whichever they are.
        """
        columns = []
        for axis, numbers in zip(self.axes, rows.T, strict=True):
            if axis.is_ordered:
                columns.append(np.where(np.isnan(numbers), ABSENT, numbers)[:, None])
            else:
                same = np.abs(numbers[:, None] - axis.levels) < 1e-9
                columns.append(same / np.sqrt(2))
        return np.hstack(columns)

    def settle(self, rows: Matrix, fill: Matrix) -> Matrix:
        """Return rows that have the parameters which they should, and no others.

        Args:
            rows: (n, parameters) rows.
            fill: Numbers for those that are missing, of the same shape.
        """
        rows = np.where(np.isnan(rows), fill, rows)
        for place, (by, numbers, has) in self._rules.items():
            nearest = np.abs(np.nan_to_num(rows[:, by, None], nan=-1.0) - numbers).argmin(axis=1)
            rows[~has[nearest] | np.isnan(rows[:, by]), place] = np.nan
        return rows


def keys_of(rows: Matrix) -> list[bytes]:
    """Return what tells rows apart that differ by more than rounding."""
    return [row.tobytes() for row in rows.round(6)]


_Rule = tuple[int, Matrix, NDArray[np.bool_]]
"""A parameter, some of its numbers, and whether configurations with these have another one."""


def _rules(axes: Sequence[Axis], rows: Matrix) -> dict[int, _Rule]:
    """Return which parameter decides whether a configuration has another; the deciding first."""
    n_have = (~np.isnan(rows)).sum(axis=0)
    rules = {}
    for place in sorted(range(len(axes)), key=lambda place: -n_have[place]):
        if n_have[place] == len(rows):
            continue
        deciding = np.flatnonzero(n_have > n_have[place]).tolist()
        rules_by = (_rule(rows, by, place) for by in deciding if axes[by].n_levels)
        found = [rule for rule in rules_by if rule is not None]
        if found:  # by the fewest values: those of many would do by chance
            rules[place] = min(found, key=lambda rule: len(rule[1]))
    return rules


def _rule(rows: Matrix, by: int, place: int) -> _Rule | None:
    """Return when configurations have a parameter, if another one decides that."""
    has = ~np.isnan(rows[:, place])
    decided = ~np.isnan(rows[:, by])
    if has[~decided].any():
        return None
    numbers, groups = np.unique(rows[decided, by], return_inverse=True)
    shares = np.bincount(groups, has[decided]) / np.bincount(groups)
    if ((shares > 0) & (shares < 1)).any():
        return None
    return by, numbers, shares == 1
