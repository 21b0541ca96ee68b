"""This file keeps work arrays alive between steps.

A fresh array of megabytes costs page faults worth more than the arithmetic done in it, so a
layer asks its `Scratch` for the same memory at every step.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from netlib.arrays import Shape


class Scratch:
    """Work arrays by name, grown when a larger one is asked for and never shrunk.

    Contents survive until the next call with the same name; memory is zero when it is first
    handed out. A copy or a pickle of a scratch is empty: nothing in it is worth keeping.
    """

    def __init__(self) -> None:
        self._flat: dict[str, NDArray[Any]] = {}

    def __call__(self, name: str, shape: Shape, dtype: DTypeLike) -> NDArray[Any]:
        """Return the work array of this name, its old contents included.

        Args:
            name: Key; one name, one purpose.
            shape: Shape of the array.
            dtype: Its dtype; the same for all calls of one name.

        Returns:
            A contiguous array of that shape and dtype.
        """
        size = math.prod(shape)
        flat = self._flat.get(name)
        if flat is None or flat.size < size:
            flat = self._flat[name] = np.zeros(size, dtype)
        return flat[:size].reshape(shape)

    def like(
        self,
        name: str,
        array: NDArray[Any],
        dtype: DTypeLike | None = None,
        shape: Shape | None = None,
    ) -> NDArray[Any]:
        """Return the work array of this name, its axes in the same order in memory as another's.

        Convolutions give their results in an order of their own. Element by element it costs
        nothing to keep it, and much to go through two arrays in different orders.

        Args:
            name: Key; one name, one purpose.
            array: Whose order to keep.
            dtype: Its dtype; by default that of the other array.
            shape: Shape of the array; by default that of the other one.

        Returns:
            An array of that shape and dtype, not always contiguous.
        """
        dtype, shape = dtype or array.dtype, shape or array.shape
        if array.flags.c_contiguous:
            return self(name, shape, dtype)
        order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
        ordered = self(name, tuple(shape[axis] for axis in order), dtype)
        return ordered.transpose(sorted(range(array.ndim), key=order.__getitem__))

    def __getstate__(self) -> dict[str, Any]:
        return {"_flat": {}}
