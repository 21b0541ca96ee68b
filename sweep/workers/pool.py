"""This file says what a pool of slots is, and is the simplest one: this process."""

from collections import deque
from typing import Any, Protocol

from sweep.study.study import Study
from sweep.trials.records import Worker
from sweep.workers.messages import Progress, SlotLost, Work
from sweep.workers.session import Session


class Pool(Protocol):
    """Slots that each run one trial at a time. All calls come from the driver's one thread.

    Slots may come and go at every `wait`; the number of one that is gone is never used again.
    """

    @property
    def size(self) -> int:
        """How many slots there are, or are about to be."""

    @property
    def idle(self) -> list[int]:
        """The slots that wait for a trial."""

    def advance(self, slot: int, work: Work | None = None) -> None:
        """Lets a slot begin `work`, or go on with what it has; the answer comes by `wait`."""

    def release(self, slot: int) -> None:
        """Makes a slot idle whose trial goes no further."""

    def kill(self, slot: int) -> None:
        """Takes the trial from a slot that does not stop by itself; the slot may go with it."""

    def worker(self, slot: int) -> Worker:
        """The process behind a slot."""

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        """What slots have answered, waiting up to `timeout_s` seconds for the first answer."""

    def close(self) -> None:
        """Ends all slots, in the middle of an epoch if need be."""


class InlinePool:
    """One slot in this process: no Ray, breakpoints work."""

    def __init__(self, study: Study, data: Any, blas_threads: int) -> None:
        self._session = Session(study, data, blas_threads)
        self._requests: deque[Work | None] = deque()
        self._busy = False

    @property
    def size(self) -> int:
        """One slot."""
        return 1

    @property
    def idle(self) -> list[int]:
        """Slot 0, when it has no trial."""
        return [] if self._busy else [0]

    def advance(self, slot: int, work: Work | None = None) -> None:  # noqa: ARG002 - only slot 0
        """Notes the request; `wait` carries it out."""
        self._busy = True
        self._requests.append(work)

    def release(self, slot: int) -> None:  # noqa: ARG002 - there is only slot 0
        """Makes the slot idle."""
        self._busy = False

    def kill(self, slot: int) -> None:
        """Forgets what the slot was to do next: it is at rest between two calls of `wait`."""
        self._requests.clear()
        self.release(slot)

    def worker(self, slot: int) -> Worker:  # noqa: ARG002 - there is only slot 0
        """This process."""
        return self._session.worker()

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:  # noqa: ARG002
        """Trains, here and now."""
        if not self._requests:
            return []
        return [(0, self._session.advance(self._requests.popleft()))]

    def close(self) -> None:
        """Gives the process its BLAS threads back."""
        self._session.close()
