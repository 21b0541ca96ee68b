"""The average of a network's weights over the steps of its training."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from netlib.arrays import Array
from netlib.layers.sequential import Sequential
from netlib.scratch import Scratch


class WeightAverage:
    """The exponential moving average of parameters and buffers.

    After step t it is sum decay^(t-i) w_i / sum decay^(t-i) over the weights w_i after the steps
    i = 1..t: a mean with no trace of the initial weights, however slowly it forgets. Buffers are
    averaged too, because running statistics of other weights would be those of another network.

    During an epoch the network holds the latest weights; between epochs it holds the average, to
    be validated and saved. `swap` changes from one to the other.

    Args:
        network: Built; the average starts as a copy of it.
        decay: Weight of each step relative to the next one, in (0, 1).
    """

    def __init__(self, network: Sequential, decay: float) -> None:
        self._network, self._decay, self._n_steps = network, decay, 0
        self._other = copy.deepcopy(network)  # holds whichever weights the network does not
        self._scratch = Scratch()

    def update(self) -> None:
        """Include the weights of the network after one more step of training."""
        self._n_steps += 1
        share = (1 - self._decay) / (1 - self._decay**self._n_steps)
        for latest, mean in self._pairs():
            change = self._scratch("change", latest.shape, latest.dtype)
            np.subtract(latest, mean, out=change)
            change *= share
            mean += change

    def swap(self) -> None:
        """Exchange the average with the weights in the network."""
        for one, other in self._pairs():
            kept = self._scratch("change", one.shape, one.dtype)
            kept[...] = one
            one[...] = other
            other[...] = kept

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs in addition to the average, which the network holds now.

        Returns:
            `n_steps`, and `weights`: a copy of the latest weights of training, by name.
        """
        return {"n_steps": self._n_steps, "weights": self._other.weights()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state, while the network holds the average that belongs to it.

        Args:
            state: As returned by `state`; copied.

        Raises:
            StateError: If the weights are those of another network.
        """
        self._other.load(state["weights"])
        self._n_steps = int(state["n_steps"])

    def _pairs(self) -> Iterator[tuple[Array, Array]]:
        """Yield each array of the network with its counterpart."""
        one, other = (
            (network.parameters, *network.buffers.values())
            for network in (self._network, self._other)
        )
        return zip(one, other, strict=True)
