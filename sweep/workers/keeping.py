"""Which of a training's states are saved, and when."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sweep.checkpoints.format import Checkpoint, copied, decode
from sweep.trials.epoch import State

if TYPE_CHECKING:
    from sweep.study.study import Study

CHECKPOINT_SECONDS = 5.0
"""Seconds of training that a crash can cost, in addition to the epoch that it interrupts."""


class Keeping:
    """The latest state of a training and, if the study counts the best epoch, that one's.

    Attributes:
        seconds: Seconds of training after which the next checkpoint is due.
    """

    def __init__(self, study: "Study") -> None:
        self.seconds = CHECKPOINT_SECONDS
        self._study = study
        self._last: Checkpoint | None = None
        self._saved = 0
        self._saved_at = 0.0

    def begin(self, data: bytes | None) -> Checkpoint:
        """Return where a training begins, given its encoded checkpoint; None if it has none."""
        checkpoint = decode(data) if data else None
        if self._study.score == "best" and checkpoint is not None and checkpoint.value is None:
            checkpoint = None  # an earlier version wrote it, without the best epoch's state
        self._last, self._saved_at = checkpoint, time.monotonic()
        begin = checkpoint or Checkpoint(0, {})
        self._saved = begin.epoch
        return replace(begin, state=copied(begin.state))

    def end(self) -> None:
        """Forget a training."""
        self._last = None

    def add(self, epoch: int, repeat: int, state: State, value: float) -> None:
        """Take in the state after an epoch, and the study's metric."""
        known = value if self._study.score == "best" else None
        kept = Checkpoint(epoch, copied(state), repeat, known)
        self._last = kept.after(self._last, self._study.sign)

    def took_late(self, item: object, epoch: int, repeat: int) -> bool:
        """Take in a state that came after its epoch was reported, if this is one.

        Args:
            item: What the training yielded.
            epoch: Number of the last epoch.
            repeat: The training that it is of.
        """
        if not getattr(item, "is_late", False):
            return False
        metrics, state = item.metrics, item.state  # type: ignore[attr-defined]
        self.add(epoch, repeat, state, metrics.get(self._study.metric, 0.0))
        return True

    def due(self, *, finished: bool, pausing: bool = False) -> Checkpoint | None:
        """Return what to save now; None if nothing is due.

        Args:
            finished: Whether this is the end, where the state that counts is saved.
            pausing: Whether the training may be paused here, where its latest state is saved.
        """
        if self._last is None:
            return None
        is_new = self._last.epoch != self._saved
        is_time = pausing or time.monotonic() - self._saved_at >= self.seconds
        if not finished and not (is_new and is_time):
            return None
        self._saved, self._saved_at = self._last.epoch, time.monotonic()
        return self._last.scored if finished else self._last
