"""Work arrays that stay allocated between steps.

Page faults in a fresh array of several megabytes cost more than the arithmetic done in it, so a
layer asks its `Scratch` for the same memory at every step.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Work arrays by name. They grow when a larger one is requested, and never shrink.

    Contents stay until the next call with the same name; new memory is zero. A copy or a pickle
    of a scratch is empty: nothing in it is worth keeping.
    """

    def __init__(self) -> None:
        self._flat: dict[str, NDArray[Any]] = {}
        self._views: dict[tuple[str, tuple[int, ...]], NDArray[Any]] = {}

    def __call__(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return the work array of this name, with its old contents.

        Args:
            name: Key; use a name for one purpose only.
            shape: Shape of the array.
            dtype: Its dtype; the same for all calls of one name.

        Returns:
            A contiguous array of that shape and dtype.
        """
        view = self._views.get((name, shape))
        if view is None:
            size, flat = math.prod(shape), self._flat.get(name)
            if flat is None or flat.size < size:
                flat = self._flat[name] = np.zeros(size, dtype)
                self._views = {key: old for key, old in self._views.items() if key[0] != name}
            view = self._views[name, shape] = flat[:size].reshape(shape)
        return view

    def __getstate__(self) -> dict[str, Any]:
        return {"_flat": {}, "_views": {}}
