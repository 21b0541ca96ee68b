"""A session whose messages hold what its trials print."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sweep.study.study import Study
from sweep.workers.messages import Output, Progress, Work
from sweep.workers.output import Capture
from sweep.workers.session import Session


class RecordedSession(Session):
    """A session that captures what its trials print, until `close`."""

    def __init__(
        self, capture: Capture, study: Study, data: Callable[[], Any] | None, *limits: Any
    ) -> None:
        """Prepare for the trials of a study.

        Args:
            capture: Captures what this process prints.
            study: See `Session`, as for the others.
            data: See `Session`.
            *limits: See `Session`.
        """
        super().__init__(study, data, *limits)
        self._capture = capture

    def advance(self, work: Work | None, pause_at: int | None = None) -> Progress:
        """Begin `work`, if given, and train for at least one epoch; see `Session.advance`."""
        with self._capture:
            if work is not None:
                self._capture.reset()
            progress = super().advance(work, pause_at)
        return replace(progress, output=self.output())

    def stop(self) -> None:
        """End the training, so that its `finally` and `with` blocks run; their errors are lost."""
        with self._capture:
            super().stop()

    def end_trial(self) -> tuple[Output, ...]:
        """End the training; return what its `finally` and `with` blocks have printed."""
        self.stop()
        return self.output()

    def finish(self) -> tuple[Output, ...]:
        """End the training and restore the threads; return what its last trial still printed."""
        self.close()
        return self.output()

    def output(self) -> tuple[Output, ...]:
        """Return what the trial has printed since the last call; nothing before the first trial."""
        text, position = self._capture.take()
        return (Output(self._trial, text, position),) if text and self._trial >= 0 else ()
