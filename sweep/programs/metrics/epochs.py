"""Puts the metrics of an epoch together, and leaves out epochs that are known already."""

import re
from collections.abc import Sequence

from sweep.programs.metrics.lines import Values
from sweep.trials.epoch import State


class RestartError(Exception):
    """A program cannot continue from its checkpoint, so it has to begin again."""


class Epochs:
    """Collects the metrics of lines until an epoch is complete.

    Attributes:
        last: Number of the last epoch as the program prints it; None if it prints none.
        seen: All names of metrics so far.
    """

    def __init__(self, needed: Sequence[str], ends: str, known: State | None = None) -> None:
        """Begin.

        Args:
            needed: Metrics that every epoch has: it ends with the last of them.
            ends: Regular expression of the line that ends an epoch, instead; "" for none.
            known: The `position` in which the program was interrupted, and "files", with which
                it continues; without these, it begins again.
        """
        known = known or {}
        self._needed = needed
        self._ends = re.compile(ends) if ends else None
        self._values: Values = {}
        self._count: int = known.get("count", 0)
        self._stride: float = known.get("stride", 1.0)
        self.last: float | None = known.get("last")
        self._known = self.last
        self._continues = known.get("files") is not None
        self._n_known = 0 if self._continues or self.last is not None else self._count
        self.seen: set[str] = set()

    def position(self) -> State:
        """Return how far the program has come: its last number, and the number of epochs."""
        return {"last": self.last, "stride": self._stride, "count": self._count}

    def add(self, values: Values, line: str) -> Values | None:
        """Take in the metrics of a line.

        Returns:
            The metrics of the epoch that ends with it, if one does that is not known already.

        Raises:
            RestartError: If epochs are missing before it: the checkpoint from which the program
                continues is of a later epoch than its record.
        """
        self._values |= values
        self.seen |= values.keys()
        if self._ends is not None:
            is_complete = self._ends.search(line) is not None
        else:
            is_complete = bool(values) and all(name in self._values for name in self._needed)
        if not is_complete:
            return None
        metrics, self._values = self._values, {}
        if self._is_known(metrics.pop("epoch", None)):
            return None
        self._count += 1
        return metrics

    def _is_known(self, number: float | None) -> bool:
        if self._n_known:
            self._n_known -= 1
            return True
        if number is None:
            return False
        known = self._known
        if known is not None and number <= known:
            return True
        if known is not None and self._continues and number > known + self._stride:
            raise RestartError
        if known is None and self.last is not None and number > self.last:
            self._stride = number - self.last
        self._known, self.last = None, number
        return False
