"""Networks: layers one after the other."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Array, Rng, Shape, Weights, as_input
from netlib.checks import check_count
from netlib.errors import ConfigError, StateError
from netlib.layers.layer import Backward, Layer, Mode
from netlib.layers.maxpool2d import MaxPool2d
from netlib.layers.relu import ReLU


class Sequential(Layer):
    """A network: layers one after the other.

    To compute outputs, use `predict`: it returns a fresh array. `forward`, the step of training,
    reuses memory: outputs and gradients are overwritten by the next `forward`.

    After `build` all parameters are views into one flat vector `parameters` and all gradients
    views into `gradients`, so an optimizer updates the whole network in a few NumPy calls. Their
    names begin with the position of the layer: "0.weight". A Sequential among the layers is
    replaced by its own layers.

    Args:
        *layers: At least one layer; each object only once.

    Attributes:
        layers: The layers in the order in which they were given.
        parameters: (P,) all parameters.
        gradients: (P,) all gradients of the last `backward`.

    Raises:
        ConfigError: If there is no layer, or one occurs twice.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers: tuple[Layer, ...] = tuple(
            part
            for layer in layers
            for part in (layer.layers if isinstance(layer, Sequential) else (layer,))
        )
        self._execution_order = _pool_first(self.layers)
        self.parameters: Array = np.empty(0, np.float32)
        self.gradients: Array = np.empty(0, np.float32)
        if not self.layers or len(set(map(id, self.layers))) < len(self.layers):
            raise ConfigError(
                f"Sequential: expected one or more different layers, got {list(self.layers)}; "
                "make a new layer object for every place"
            )

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"

    def describe(self) -> str:
        """Return a short form of the architecture, such as "C16-P-C32-P-FC10"."""
        return "-".join(layer.symbol for layer in self.layers if layer.symbol)

    @property
    def n_parameters(self) -> int:
        """Number of trainable values; 0 before `build`."""
        return self.parameters.size

    def _build(self, in_shape: Shape, rng: Rng, /) -> Shape:
        shape = in_shape
        for layer in self.layers:
            shape = layer.build(shape, rng, self.dtype)
        self._join()
        return shape

    def _join(self) -> None:
        """Move the arrays of all layers into the flat vectors, and name their views."""
        params, grads, buffers = (
            [getattr(layer, store) for layer in self.layers]
            for store in ("params", "grads", "buffers")
        )
        self.parameters, self.gradients = _flatten(params, self.dtype), _flatten(grads, self.dtype)
        self.params, self.grads, self.buffers = map(_named, (params, grads, buffers))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._join()  # pickles and copies hold separate arrays, not views

    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        layers = self._execution_order
        first = next((i for i, layer in enumerate(layers) if layer.params), 0)
        inside = Mode(mode.rng, input_gradient=True)
        backwards: list[Backward] = []
        for i, layer in enumerate(layers):
            # Not `forward`: `build` has already checked that shapes fit.
            x, backward = layer._forward(x, mode if i == first else inside)
            backwards.append(backward)

        def backward_all(dy: Array) -> Array:
            for backward in reversed(backwards if mode.input_gradient else backwards[first:]):
                dy = backward(dy)
            return dy

        return x, backward_all

    def predict(self, images: NDArray[Any], batch_size: int = 64) -> Array:
        """Compute the outputs of any number of images, without training.

        Args:
            images: (N, *in_shape) uint8, scaled to [0, 1] here, or floats as they are.
            batch_size: Images computed at a time; affects only the speed.

        Returns:
            (N, *out_shape) fresh array, which later calls leave alone: logits, if the network ends
            with a dense layer.

        Raises:
            NotBuiltError: If the network has not been built.
            ShapeError: If the images have another shape than the network was built for.
        """
        check_count("Sequential.predict", "batch_size", batch_size)
        outputs: Array = np.empty((len(images), *self.out_shape), self.dtype)
        for start in range(0, max(len(images), 1), batch_size):
            batch = slice(start, start + batch_size)
            outputs[batch], _ = self.forward(as_input(images[batch], self.dtype), train=False)
        return outputs

    def weights(self) -> Weights:
        """Return copies of all parameters and buffers by name, such as "0.weight"."""
        return {name: array.copy() for name, array in (self.params | self.buffers).items()}

    def load(self, weights: Mapping[str, Array]) -> None:
        """Copy parameters and buffers into the network.

        Args:
            weights: Arrays under the names that `weights` returns.

        Raises:
            StateError: If a name is missing or unknown, or a shape differs; then nothing changes.
        """
        own = self.params | self.buffers
        missing, unknown = sorted(own.keys() - weights), sorted(weights.keys() - own)
        if missing or unknown:
            raise StateError(
                f"Sequential.load: expected the names {sorted(own)}, got {missing=} and "
                f"{unknown=}; build the same network as the one that was saved"
            )
        for name, array in own.items():
            if weights[name].shape != array.shape:
                raise StateError(
                    f"Sequential.load: expected {name} of shape {array.shape}, got "
                    f"{weights[name].shape}; build the same network as the one that was saved"
                )
        for name, array in own.items():
            array[...] = weights[name]


def _pool_first(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Swap each ReLU with a max pooling after it: the same numbers for a quarter of ReLU's work.

    The largest value does not depend on the order, and where ReLU makes ties, all of them 0, it
    lets no gradient through. Neither has weights, so their names do not depend on it either.
    """
    ordered = list(layers)
    for i, (layer, after) in enumerate(pairwise(ordered)):
        if type(layer) is ReLU and type(after) is MaxPool2d:
            ordered[i : i + 2] = after, layer
    return tuple(ordered)


def _named(stores: list[Weights]) -> Weights:
    """Return the arrays of all layers under names such as "0.weight"."""
    return {f"{i}.{name}": array for i, store in enumerate(stores) for name, array in store.items()}


def _flatten(stores: list[Weights], dtype: np.dtype[np.floating[Any]]) -> Array:
    """Move the arrays into one vector, and replace each by its view."""
    arrays = [array.ravel() for store in stores for array in store.values()]
    flat: Array = np.concatenate([np.empty(0, dtype), *arrays])
    start = 0
    for store in stores:
        for name, array in store.items():
            store[name] = flat[start : start + array.size].reshape(array.shape)
            start += array.size
    return flat
