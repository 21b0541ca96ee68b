"""When a search is over before its last trial, and what is left until then."""

import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from sweep.study.objectives import Objective, recorded_objectives
from sweep.study.stopping import Outcome, StopRule, rules_as_json, rules_from_json
from sweep.text import duration
from sweep.trials.records import TrialRecord

Recorded = Mapping[str, Any]


class Limits:
    """The limits of one search besides its number of trials, and how far it is from them.

    A rule counts from the first ending on with which it was met: better trials that end later
    change nothing, so that a search that is over stays over.

    Attributes:
        core_hours: Limit of the processor time of all recorded epochs, in hours.
        spent_seconds: The processor time of the recorded epochs, in seconds.
    """

    def __init__(
        self,
        rules: Sequence[StopRule],
        goals: Sequence[Objective],
        records: Sequence[TrialRecord],
        core_hours: float = math.inf,
    ) -> None:
        """Judge these trials, and those that are added.

        Args:
            rules: The rules that the study declares.
            goals: The objectives.
            records: The trials so far.
            core_hours: Limit of the processor time, in hours.
        """
        self.core_hours = core_hours
        self.spent_seconds = sum(record.cpu_seconds for record in records)
        self._rules = rules
        self._outcome = Outcome(goals)
        self._met: StopRule | None = None
        self._met_by = ""
        self._waiting = [record for record in records if record.has_ended]

    def end(self, record: TrialRecord) -> None:
        """Take in a trial that has ended."""
        if self._rules:
            self._waiting.append(record)

    def reason(self, endings_known: float | None = math.inf) -> str:
        """Return why no further trial begins; empty if one may.

        Args:
            endings_known: How many endings that trial would know; None if it has to wait. It never
                decreases.
        """
        if self.spent_seconds >= self.core_hours * 3600:
            return self._core_time_used()
        if endings_known is not None:
            self._judge(endings_known)
        return self._met_by

    def left(self) -> list[str]:
        """Return how far the search is from each limit."""
        used = [] if self.core_hours == math.inf else [self._core_time_used()]
        return [rule.progress(self._outcome) for rule in self._rules] + used

    def _judge(self, endings_known: float) -> None:
        """Take in the endings up to this one, in their order, until a rule is met."""
        ready = [r for r in self._waiting if r.ending_number <= endings_known]
        if not ready or self._met is not None:
            return
        self._waiting = [r for r in self._waiting if r.ending_number > endings_known]
        for record in sorted(ready, key=attrgetter("ending_number")):
            self._outcome.add(record)
            self._met = next((rule for rule in self._rules if rule.is_met(self._outcome)), None)
            if self._met is not None:
                self._met_by = self._met.progress(self._outcome)
                return

    def _core_time_used(self) -> str:
        limit = duration(self.core_hours * 3600)
        return f"{duration(self.spent_seconds)} of {limit} core time used"


def limits_as_json(trials: int, rules: Sequence[StopRule], core_hours: float) -> dict[str, Any]:
    """Return the limits of a search as JSON values, for those who read the run."""
    hours = None if core_hours == math.inf else core_hours
    return {"trials": trials, "until": rules_as_json(rules), "core_hours": hours}


def limits_of(about: Recorded, records: Sequence[TrialRecord]) -> Limits:
    """Return the limits of a run as its latest call had them, judged by all its endings.

    Args:
        about: The attributes of its study in the database.
        records: Its trials.
    """
    recorded = about.get("limits", {})
    rules = rules_from_json(recorded.get("until", []))
    goals = recorded_objectives(about)
    limits = Limits(rules, goals, records, recorded.get("core_hours") or math.inf)
    limits.reason()
    return limits
