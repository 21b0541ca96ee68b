"""Stops a run whose trials all raise the same error."""

import re

from sweep.errors import StudyError
from sweep.trials.records import Ending, Failure

MAX_SAME_ERRORS = 3
"""Equal errors in a row after which the run stops: then the study is broken, not the parameters.

Equal are type, lines, and message up to its numbers, since it may hold addresses or parameters.
"""

NUMBER = re.compile(r"0x[0-9a-f]+|[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)


class ErrorsInARow:
    """The equal errors of the trials that ended last."""

    def __init__(self) -> None:
        self._same: list[Failure] = []

    def note(self, failure: Failure | None) -> None:
        """Take in how the next trial ended; None if it did not fail."""
        if failure is None or failure.ending is not Ending.ERROR:
            self._same = []
            return
        differs = any(_pattern(failure) != _pattern(other) for other in self._same)
        self._same = [failure] if differs else [*self._same, failure]

    def stop_if_broken(self) -> None:
        """Stop the run after too many equal errors.

        Raises:
            StudyError: With the error.
        """
        if len(self._same) >= MAX_SAME_ERRORS:
            error = self._same[0]
            raise StudyError(
                f"the same error in {MAX_SAME_ERRORS} trials in a row, so the run was stopped: "
                f"{error.message}. Fix the study and run again with --accept-changes, or start "
                f"over with --name\n{error.traceback}"
            )


def _pattern(failure: Failure) -> tuple[str, list[str]]:
    """Return what equal errors have in common."""
    lines = re.findall(r'^ *File ".*", line \d+', failure.traceback, re.MULTILINE)
    return NUMBER.sub("#", failure.message), lines
