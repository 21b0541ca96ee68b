"""The data of a study, as each trial gets it: as loaded, whatever trials before it did."""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

from sweep.workers.pickling import dumps


def as_loaded(data: Any) -> Callable[[], Any]:
    """Return a function that gives `data` as it is now, however often it is called.

    Each call rebuilds containers and objects. The memory of arrays is shared and read-only, so it
    costs next to nothing.

    Raises:
        StudyError: If a part of the data cannot be pickled.
    """
    buffers: list[pickle.PickleBuffer] = []
    text = dumps(data, "data()", buffers.append)
    return partial(pickle.loads, text, buffers=[buffer.raw().toreadonly() for buffer in buffers])
