"""The interface of pruners: pure functions of the learning curves recorded so far."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Peers(NamedTuple):
    """The other trials that have reached the epoch of a trial that may be pruned.

    Attributes:
        values: (n,) metric of each after that epoch, lower is better.
        complete: (n,) whether each has completed since.
        numbers: (n,) number of each trial.
        best: Gives the metric of the best complete trial after each of its epochs; empty without
            one. It costs more the longer that trial was, so only those who need it call it.
    """

    values: NDArray[np.float64]
    complete: NDArray[np.bool_]
    numbers: NDArray[np.intp]
    best: Callable[[], Sequence[float]] = list


class Curve(NamedTuple):
    """The trial that may be pruned.

    Attributes:
        values: (n,) metric after each of its epochs, lower is better.
        number: Number of the trial.
        sign: `sign` times a value is the metric as the study reports it: 1 if it is minimised, -1
            if it is maximised.
    """

    values: Sequence[float]
    number: int = 0
    sign: int = 1


@runtime_checkable
class Pruner(Protocol):
    """Decides, after some epochs of a trial, whether to stop it."""

    def decides_after(self, epoch: int) -> bool:
        """Return whether there is anything to decide after this epoch, counted from 1."""

    def prunes(self, curve: Curve, peers: Peers) -> bool:
        """Return whether to stop a trial."""


@runtime_checkable
class Halving(Pruner, Protocol):
    """A pruner that pauses trials at rungs, and continues the best of each rung.

    Attributes:
        factor: One in `factor` trials of a rung continues.
        resume: Whether trials are paused; if not, those that do not continue at once are stopped.
    """

    factor: int
    resume: bool

    def bracket(self, number: int) -> int:
        """Return the bracket of a trial; only trials of one bracket are compared."""

    def next_rung(self, number: int, epoch: int) -> int | None:
        """Return the first rung of a trial after an epoch; None if it trains on to its end."""


def rung_after(epoch: int, first: int, factor: int, max_epochs: int | None) -> int | None:
    """Return the first of the rungs first * factor**k after an epoch; None if training is over."""
    rung = first
    while rung <= epoch:
        rung *= factor
    return rung if max_epochs is None or rung < max_epochs else None


def compares_repeats(pruner: object) -> bool:
    """Return whether a pruner decides after repeats rather than after epochs, if there are any."""
    return bool(getattr(pruner, "compares_repeats", False))


def compares_ranks(pruner: object) -> bool:
    """Return whether a pruner compares trials after one epoch, so that ranks are enough for it."""
    return bool(getattr(pruner, "compares_ranks", False))


def pausing(pruner: object) -> Halving | None:
    """Return a pruner if it pauses trials, else None."""
    return pruner if isinstance(pruner, Halving) and pruner.resume else None
