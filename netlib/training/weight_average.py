"""This file averages the weights of a network over the steps of its training."""

from typing import Any

import numpy as np

from netlib.layers.sequential import Sequential
from netlib.scratch import Scratch


class WeightAverage:
    """The exponential moving average of parameters and buffers.

    After step t it is sum decay^(t-i) w_i / sum decay^(t-i) over the weights w_i after the steps
    i = 1..t: a mean with no trace of the initial weights, however long it remembers. Buffers are
    averaged too, because running statistics of other weights would be those of another network.

    Network and average trade places: in training the network holds the latest weights, and
    between epochs, to be judged and saved, the average. `swap` goes back and forth.

    Args:
        network: Built; both hold its weights at first.
        decay: Weight of each step relative to the next one, in (0, 1).
    """

    def __init__(self, network: Sequential, decay: float) -> None:
        self._network, self._decay, self._n_steps = network, decay, 0
        self._here = [network.parameters, *network.buffers.values()]
        self._there = [array.copy() for array in self._here]
        self._scratch = Scratch()

    def update(self) -> None:
        """Take in the weights of the network after one more step of training."""
        self._n_steps += 1
        share = (1 - self._decay) / (1 - self._decay**self._n_steps)
        for latest, mean in zip(self._here, self._there, strict=True):
            change = self._scratch("change", latest.shape, latest.dtype)
            np.subtract(latest, mean, out=change)
            change *= share
            mean += change

    def swap(self) -> None:
        """Exchange the average with the weights in the network."""
        for here, there in zip(self._here, self._there, strict=True):
            kept = self._scratch("change", here.shape, here.dtype)
            kept[...] = here
            here[...] = there
            there[...] = kept

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs beside the average, which the network now holds.

        Returns:
            `n_steps`, and `weights`: a copy of the latest weights of training, by name.
        """
        self.swap()
        weights = self._network.weights()
        self.swap()
        return {"n_steps": self._n_steps, "weights": weights}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state, while the network holds the average that belongs to it.

        Args:
            state: As returned by `state`; copied.

        Raises:
            StateError: If the weights are those of another network.
        """
        self.swap()
        self._network.load(state["weights"])
        self.swap()
        self._n_steps = int(state["n_steps"])
