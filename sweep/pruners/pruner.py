"""This file decides which trials to stop early: pure functions of the curves recorded so far."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Peers(NamedTuple):
    """The other trials that have come as far as one that may be pruned.

    Attributes:
        values: The metric of each after the same epoch, lower is better.
        complete: Whether it has run to its end since.
    """

    values: NDArray[np.float64]
    complete: NDArray[np.bool_]


@runtime_checkable
class Pruner(Protocol):
    """Decides, after some epochs of a trial, whether it goes on."""

    def decides_after(self, epoch: int) -> bool:
        """Whether there is anything to decide after this epoch, counted from 1."""

    def prunes(self, values: Sequence[float], peers: Peers) -> bool:
        """Whether to stop a trial with these values after its epochs, lower is better."""
