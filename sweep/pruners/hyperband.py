"""Hyperband: successive halving with several first rungs at once."""

from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import ClassVar

from sweep.errors import StudyError
from sweep.pruners.asha import falls_behind
from sweep.pruners.pruner import Curve, Peers, rung_after

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, modulo 1, are spread evenly, however many there are."""


@dataclass(frozen=True)
class Hyperband:
    """Asynchronous successive halving that hedges against first rungs that come too early.

    Trials are divided into brackets. Bracket b has its first rung after min_epochs * factor**b
    epochs, and only compares its own trials. Early brackets get more trials, so that all brackets
    train for about the same number of epochs. Everything else is as in `Asha`.

    Attributes:
        max_epochs: Epochs of a whole training, >= min_epochs.
        min_epochs: Epochs of the first rung of the first bracket, >= 1.
        factor: One in `factor` trials continues, >= 2.
        resume: Whether to pause trials rather than stopping them, as in `Asha`.

    Source: Li et al. 2018, "Hyperband" (arXiv:1603.06560), algorithm 1; asynchronous as in Li et
    al. 2020 (arXiv:1810.05934), section 3.4.
    """

    compares_ranks: ClassVar[bool] = True
    max_epochs: int
    min_epochs: int = 1
    factor: int = 3
    resume: bool = True

    def __post_init__(self) -> None:
        if self.min_epochs < 1 or self.factor < 2 or self.max_epochs < self.min_epochs:
            raise StudyError(
                f"Hyperband: expected 1 <= min_epochs <= max_epochs and factor >= 2, "
                f"got {self.min_epochs}, {self.max_epochs} and {self.factor}; change them"
            )

    def bracket(self, number: int) -> int:
        """Return the bracket of a trial, from 0; each gets its share of any row of trials."""
        position = (number + 0.5) * GOLDEN % 1
        n = self._n_brackets()
        sizes = [ceil(n / (n - b) * self.factor ** (n - 1 - b)) for b in range(n)]
        ends = accumulate(sizes)
        return next(b for b, end in enumerate(ends) if position < end / sum(sizes))

    def next_rung(self, number: int, epoch: int) -> int | None:
        """Return the first rung of a trial after an epoch; None if there is none before the end."""
        return self._next_rung(self.bracket(number), epoch)

    def decides_after(self, epoch: int) -> bool:
        """Return whether `epoch` is a rung of any bracket: the first bracket has them all."""
        return self._next_rung(0, epoch - 1) == epoch

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether the last value is not among the best 1/factor of its bracket."""
        bracket, epoch = self.bracket(curve.number), len(curve.values)
        if self._next_rung(bracket, epoch - 1) != epoch:
            return False
        same = [self.bracket(int(number)) == bracket for number in peers.numbers]
        return falls_behind(curve.values[-1], peers.values[same], self.factor)

    def _n_brackets(self) -> int:
        n, first = 1, self.min_epochs * self.factor
        while first <= self.max_epochs:
            n, first = n + 1, first * self.factor
        return n

    def _next_rung(self, bracket: int, epoch: int) -> int | None:
        first = self.min_epochs * self.factor**bracket
        return rung_after(epoch, first, self.factor, self.max_epochs)
