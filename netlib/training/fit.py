"""Training of networks.

`fit` is a generator: it trains one epoch each time the caller asks for the next, so to stop a
training, stop asking. Each epoch carries the state from which the same training can continue.
"""

import copy
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Labels, Rng, as_input
from netlib.data.datasets import Dataset
from netlib.errors import ShapeError, StateError
from netlib.files.model_file import description
from netlib.layers.sequential import Sequential
from netlib.training.early_stopping import EarlyStopping
from netlib.training.evaluation import evaluate
from netlib.training.recipe import Epoch, Recipe, State
from netlib.training.weight_average import WeightAverage

_VALIDATION_METRICS = ["validation_loss", "validation_error"]
_STATE_KEYS = {"epoch", "finished", "weights", "optimizer", "rng"}


def fit(
    network: Sequential,
    recipe: Recipe,
    train: Dataset,
    validation: Dataset | None = None,
    *,
    seed: int,
    state: State | None = None,
) -> Iterator[Epoch]:
    """Train a network, epoch by epoch.

    With a state, training continues after its epoch exactly as if it had never been interrupted:
    same weights, same data order, same dropout, to the last bit. A loss that is not finite ends
    the training, and the metrics of its last epoch are nan.

    Args:
        network: Network to train, built here if it is not built yet. After each epoch it holds the
            weights that were validated: the average, if the recipe averages weights.
        recipe: How to train.
        train: Images to train on.
        validation: Images to validate each epoch with.
        seed: Seed of initial weights, data order, dropout and augmentation. Ignored if there is a
            state, which holds the state of the random number generator.
        state: `Epoch.state` of the same training, to continue after that epoch.

    Returns:
        Iterator of epochs; empty if the training of the state is finished.

    Raises:
        ShapeError: If the network does not have one output per class.
        ConfigError: If early stopping watches a metric that the training does not report.
        StateError: If the state belongs to another network or recipe.
    """
    rng = np.random.default_rng(seed)
    if not network.built:
        network.build(train.images.shape[1:], rng)
    if network.out_shape != (train.n_classes,):
        raise ShapeError(
            f"fit: expected a network with {train.n_classes} outputs, one per class, got "
            f"{network.out_shape}; end it with Dense({train.n_classes})"
        )
    training = _Training(network, recipe, train, validation, rng)
    if state is not None:
        training.restore(state)
    return training.run()


class _Training:
    """A training between two epochs."""

    def __init__(
        self,
        network: Sequential,
        recipe: Recipe,
        train: Dataset,
        validation: Dataset | None,
        rng: Rng,
    ) -> None:
        self._network, self._recipe, self._rng = network, recipe, rng
        self._train, self._validation = train, validation
        self._optimizer = copy.deepcopy(recipe.optimizer)
        self._stopping = recipe.early_stopping
        self._memory = self._stopping.start() if self._stopping else None
        decay = recipe.weight_average
        self._average = WeightAverage(network, decay) if decay else None
        self._number, self._finished = 0, False
        if self._stopping:
            self._stopping.check(
                ["train_loss", *(_VALIDATION_METRICS if validation is not None else [])]
            )

    def restore(self, state: State) -> None:
        """Continue after the epoch that a state belongs to."""
        own = {"early_stopping": self._memory, "weight_average": self._average}
        expected = _STATE_KEYS | {name for name, value in own.items() if value is not None}
        given = {name for name, value in state.items() if value is not None} - {"model"}
        if given != expected:
            raise StateError(
                f"fit: expected a state with {sorted(expected)}, got {sorted(given)}; "
                "pass the state of an Epoch of the same recipe"
            )
        self._network.load(state["weights"])
        self._optimizer.restore(state["optimizer"])
        self._rng.bit_generator.state = state["rng"]
        self._memory = state.get("early_stopping")
        if self._average:
            self._average.restore(state["weight_average"])
        self._number, self._finished = state["epoch"], state["finished"]

    def _state(self) -> State:
        return {
            "epoch": self._number,
            "finished": self._finished,
            "model": description(self._network),
            "weights": self._network.weights(),
            "optimizer": self._optimizer.state(),
            "rng": self._rng.bit_generator.state,
            "early_stopping": copy.deepcopy(self._memory),
            "weight_average": self._average.state() if self._average else None,
        }

    def run(self) -> Iterator[Epoch]:
        """Yield the remaining epochs."""
        while self._number < self._recipe.epochs and not self._finished:
            yield self._next_epoch()

    def _next_epoch(self) -> Epoch:
        rate = self._recipe.schedule(self._number)
        with np.errstate(all="ignore"):  # the metrics of a diverging training show it
            self._swap_average()
            metrics = {"train_loss": self._train_once()}
            self._swap_average()
            if self._validation is not None:
                scores = evaluate(self._network, self._validation, self._recipe.loss)
                metrics |= {f"validation_{name}": scores[name] for name in ("loss", "error")}
        self._number += 1
        if not all(map(math.isfinite, metrics.values())):
            metrics, self._finished = dict.fromkeys(metrics, math.nan), True
        elif self._stopping:
            metrics |= self._watch(self._stopping, metrics)
        return Epoch(self._number, {"learning_rate": rate, **metrics}, self._state())

    def _swap_average(self) -> None:
        if self._average:
            self._average.swap()

    def _train_once(self) -> float:
        """Pass over the data once; return the mean loss, nan if that of a batch was not finite."""
        n, batch_size = len(self._train), self._recipe.batch_size
        order = self._rng.permutation(n) if self._recipe.shuffle else np.arange(n)
        total = 0.0
        for start in range(0, n, batch_size):
            batch = order[start : start + batch_size]
            loss = self._step(self._train.images[batch], self._train.labels[batch], start / n)
            if not math.isfinite(loss):
                return math.nan
            total += loss * len(batch)
        return total / n

    def _step(self, images: NDArray[np.uint8], labels: Labels, elapsed: float) -> float:
        """Make one step, and return the loss before it."""
        recipe, network = self._recipe, self._network
        x = as_input(images, network.dtype)
        if recipe.augment:
            x = recipe.augment(x, self._rng)
        outputs, backward = network.forward(x, train=True, rng=self._rng, input_gradient=False)
        loss, doutputs = recipe.training_loss(outputs, labels)
        backward(doutputs)
        rate = recipe.schedule(self._number + elapsed)
        self._optimizer.step(network.parameters, network.gradients, rate)
        if self._average:
            self._average.update()
        return loss

    def _watch(self, stopping: EarlyStopping, metrics: dict[str, float]) -> dict[str, float]:
        """Update early stopping, and restore the best weights at the end of the training."""
        assert self._memory is not None
        weights = self._network.weights()
        self._memory = stopping.update(self._memory, self._number, metrics, weights)
        self._finished = stopping.exhausted(self._memory)
        ended = self._finished or self._number == self._recipe.epochs
        if not (ended and stopping.restore_best):
            return {}
        best = self._memory["best"]
        self._network.load(best["weights"])
        restored = {
            name: value for name, value in best["metrics"].items() if name.startswith("validation")
        }
        return {**restored, "restored_epoch": best["epoch"]}
