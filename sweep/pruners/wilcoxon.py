"""Stops trials that are worse than the best one, by a test over repeats or folds."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from math import erf, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sweep.errors import StudyError
from sweep.pruners.pruner import Curve, Peers

MAX_EXACT = 25
"""Pairs up to which all 2**n orders of signs are counted; with more, the sum is nearly normal."""


@dataclass(frozen=True)
class Wilcoxon:
    """Stop a trial that a signed-rank test finds worse than the best complete trial so far.

    The test compares the two trials pair by pair: after each repeat, or, where a study has no
    repeats but `score="mean"`, after each epoch, which is a fold, a data set or a game.

    Attributes:
        p: Largest probability of so bad a result by chance at which a trial is stopped, > 0, < 1.
        min_pairs: Pairs needed before a trial is stopped, >= 2.

    Source: Wilcoxon 1945, "Individual comparisons by ranking methods"; one-sided, pairs that are
    equal are left out, and ranks of equal differences are averaged.
    """

    compares_repeats: ClassVar[bool] = True
    p: float = 0.1
    min_pairs: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.p < 1 or self.min_pairs < 2:
            raise StudyError(
                f"Wilcoxon: expected 0 < p < 1 and min_pairs >= 2, "
                f"got {self.p} and {self.min_pairs}; change them"
            )

    def decides_after(self, epoch: int) -> bool:
        """Return whether there are enough pairs."""
        return epoch >= self.min_pairs

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the trial is significantly worse than the best one."""
        best = peers.best()
        n = min(len(curve.values), len(best))
        worse_by = np.subtract(curve.values[:n], best[:n])
        if n < self.min_pairs or worse_by.mean() <= 0:
            return False
        return chance_of_as_bad(worse_by) <= self.p


def chance_of_as_bad(differences: NDArray[np.float64]) -> float:
    """Return the chance of a signed-rank sum at least as high if positive is as likely as negative.

    Args:
        differences: (n,) differences of the pairs.
    """
    some = differences[differences != 0]
    ranks = _doubled_ranks(np.abs(some))
    positive = int(ranks[some > 0].sum())
    if len(some) <= MAX_EXACT:
        return _exact(ranks, positive)
    mean, deviation = ranks.sum() / 2, sqrt(float((ranks.astype(float) ** 2).sum())) / 2
    return (1 - erf((positive - 1 - mean) / deviation / sqrt(2))) / 2


def _doubled_ranks(sizes: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return twice the rank of each size, from 1; equal sizes share the mean of theirs."""
    order, doubled, below = np.argsort(sizes, kind="stable"), np.empty(len(sizes), np.intp), 0
    for _, group in groupby(order, key=lambda i: sizes[i]):
        same = list(group)
        doubled[same] = 2 * below + len(same) + 1
        below += len(same)
    return doubled


def _exact(ranks: NDArray[np.intp], positive: int) -> float:
    """Return the share of all orders of signs whose positive ranks sum to at least `positive`."""
    counts = Counter({0: 1})
    for rank in ranks:
        counts += Counter({total + int(rank): n for total, n in counts.items()})
    as_bad: int = sum(n for total, n in counts.items() if total >= positive)
    return float(as_bad / 2 ** len(ranks))
