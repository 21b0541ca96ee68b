"""Puts the metrics of an epoch together, and leaves out epochs that are known already."""

import re
from collections.abc import Sequence

from sweep.programs.lines import Values


class AheadError(Exception):
    """A resumed program has left out epochs: its checkpoint is of a later one than its record."""


class Epochs:
    """Collects the metrics of lines until an epoch is complete.

    Attributes:
        last: Number of the last epoch as the program prints it; None if it prints none.
        stride: How far that number grows from epoch to epoch.
        seen: All names of metrics so far.
    """

    def __init__(
        self, needed: Sequence[str], ends: str, last: float | None = None, stride: float = 1.0
    ) -> None:
        """Begin.

        Args:
            needed: Metrics that every epoch has: it ends with the last of them.
            ends: Regular expression of the line that ends an epoch, instead; "" for none.
            last: Number of the last epoch before the program was interrupted, if it prints any.
            stride: How far that number grew.
        """
        self._needed = needed
        self._ends = re.compile(ends) if ends else None
        self._values: Values = {}
        self._known = last
        self.last = last
        self.stride = stride
        self.seen: set[str] = set()

    def add(self, values: Values, line: str) -> Values | None:
        """Take in the metrics of a line.

        Returns:
            The metrics of the epoch that ends with it, if one does that is not known already.

        Raises:
            AheadError: If epochs are missing before it.
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
        return None if self._is_known(metrics.pop("epoch", None)) else metrics

    def _is_known(self, number: float | None) -> bool:
        if number is None:
            return False
        known = self._known
        if known is not None and number <= known:
            return True
        if known is not None and number > known + self.stride:
            raise AheadError
        if known is None and self.last is not None and number > self.last:
            self.stride = number - self.last
        self._known, self.last = None, number
        return False
