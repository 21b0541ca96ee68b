"""The interface of pools of slots, and the simplest pool: this process."""

from typing import Any, Protocol

from sweep.study.study import Study
from sweep.trials.worker import Worker
from sweep.workers.data import as_loaded
from sweep.workers.messages import Output, Progress, SlotLost, Work
from sweep.workers.output import Capture
from sweep.workers.recorded import RecordedSession


class Pool(Protocol):
    """Slots that each run one trial at a time. All calls come from the driver's one thread.

    Slots may come and go at every `wait`; the number of a lost slot is never used again.
    """

    @property
    def size(self) -> int:
        """Number of slots, including those about to start."""

    @property
    def idle(self) -> list[int]:
        """Slots that wait for a trial."""

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:
        """Make a slot begin `work`, or continue its trial; `wait` returns the answer.

        It comes after epoch `pause_at` at the latest, if that is given.
        """

    def release(self, slot: int) -> None:
        """Make a slot idle after its trial has ended."""

    def kill(self, slot: int) -> None:
        """Take the trial from a slot that does not stop by itself; the slot may be lost with it."""

    def worker(self, slot: int) -> Worker:
        """Return the process of a slot."""

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        """Return (slot, answer) pairs; wait up to `timeout_s` seconds for the first one."""

    def take_output(self) -> list[Output]:
        """Return what trials have printed since the last call; after `close`, what is left."""

    def close(self) -> None:
        """End all slots, in the middle of an epoch if need be; does nothing the second time."""


class InlinePool:
    """One slot in this process: without Ray, and breakpoints work.

    Attributes:
        size: Number of slots: one.
        idle: Slot 0, if it has no trial.
    """

    size = 1

    def __init__(self, study: Study, data: Any, blas_threads: int) -> None:
        self._capture = Capture()
        self._session = RecordedSession(self._capture, study, as_loaded(data), blas_threads)
        self._output: list[Output] = []
        self._is_open = True
        self._requests: list[tuple[Work | None, int | None]] = []
        self.idle = [0]

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:  # noqa: ARG002 - only slot 0
        """Note the request; `wait` carries it out."""
        self.idle = []
        self._requests = [(work, pause_at)]

    def release(self, slot: int) -> None:  # noqa: ARG002 - there is only slot 0
        """Make the slot idle, after the `finally` blocks of its trial."""
        self._output += self._session.end_trial()
        self.idle = [0]

    def kill(self, slot: int) -> None:
        """Drop the slot's next request: between two calls of `wait` it does nothing."""
        self._requests = []
        self.release(slot)

    def worker(self, slot: int) -> Worker:  # noqa: ARG002 - there is only slot 0
        """Return this process."""
        return self._session.worker()

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:  # noqa: ARG002
        """Train until the session reports."""
        if not self._requests:
            return []
        progress = self._session.advance(*self._requests.pop())
        self._output += progress.output
        return [(0, progress)]

    def take_output(self) -> list[Output]:
        """Return what trials have printed since the last call."""
        output, self._output = self._output, []
        return output

    def close(self) -> None:
        """End the trial, if there is one, and restore the BLAS threads of this process."""
        if self._is_open:
            self._is_open = False
            self._output += self._session.finish()
            self._capture.close()
