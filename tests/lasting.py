"""What must come out the same, whatever happens to a run: no times, hosts or attempts."""

from collections.abc import Iterable
from typing import Any

from sweep.trials.records import TrialRecord


def lasting(records: Iterable[TrialRecord]) -> list[tuple[Any, ...]]:
    """The parts of trials that are to compare, with the curve of "loss"."""
    return [
        (
            r.number,
            r.params,
            r.seed,
            r.endings_known,
            r.ending_number,
            r.ending,
            r.scores,
            r.violations,
            r.infeasible_draws,
            r.curve("loss"),
        )
        for r in records
    ]
