"""The interface of pruners: pure functions of the learning curves recorded so far."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Peers(NamedTuple):
    """The other trials that have reached the epoch of a trial that may be pruned.

    Attributes:
        values: (n,) metric of each after that epoch, lower is better.
        complete: (n,) whether each has completed since.
    """

    values: NDArray[np.float64]
    complete: NDArray[np.bool_]


@runtime_checkable
class Pruner(Protocol):
    """Decides, after some epochs of a trial, whether to stop it."""

    def decides_after(self, epoch: int) -> bool:
        """Return whether there is anything to decide after this epoch, counted from 1."""

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Return whether to stop a trial, given its metric after each epoch, lower is better."""
