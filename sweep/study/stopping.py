"""Rules that end a search before its last trial, judged by the trials that have ended."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from sweep.errors import StudyError
from sweep.study.objectives import Objective
from sweep.study.rules import Rule, broken, whole_number
from sweep.text import counted, short
from sweep.trials.front import front_of, with_trial
from sweep.trials.records import TrialRecord


@dataclass
class Outcome:
    """What the trials that have ended, taken in the order of their endings, have come to.

    Attributes:
        goals: The objectives.
        front: The best trial, the first of equal ones; with several objectives the Pareto front.
        latest: The trial that came to it last; None before the first score.
        n_since: Number of trials that have ended after that.
        bests: The best value of each objective, and the number of its trial.
    """

    goals: Sequence[Objective]
    front: list[TrialRecord] = field(default_factory=list)
    latest: TrialRecord | None = None
    n_since: int = 0
    bests: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, record: TrialRecord) -> None:
        """Take in the next trial that has ended."""
        signs = [sign for _, sign in self.goals]
        if len(signs) > 1:
            self.front = with_trial(self.front, record, signs)
        else:
            self.front = front_of(signs, [*self.front, record])
        is_better = any(trial is record for trial in self.front)
        self.latest = record if is_better else self.latest
        self.n_since = 0 if is_better else self.n_since + bool(self.front)
        for (metric, sign), value in zip(self.goals, record.scores, strict=False):
            best = self.bests.get(metric, (math.inf * sign, 0))
            if record.is_feasible and sign * value < sign * best[0]:
                self.bests[metric] = value, record.number


def _is_number(value: object) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)  # type: ignore[arg-type]


class StopRule:
    """A rule that ends a search; `Target` and `NoImprovement` are the ones there are."""

    _rules: ClassVar[Mapping[str, Rule]] = {}

    def __post_init__(self) -> None:
        for expected, value in broken(self, self._rules):
            raise StudyError(f"{type(self).__name__}: expected {expected}, got {value!r}")

    def is_met(self, outcome: Outcome) -> bool:
        """Return whether the search is over."""
        raise NotImplementedError

    def progress(self, outcome: Outcome) -> str:
        """Return how far the search is from that, or what ended it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Target(StopRule):
    """Ends a search once a complete trial has a score this good.

    Attributes:
        metric: The metric that the study minimizes or maximizes, or one of several.
        value: The score to reach, a finite number.

    Raises:
        StudyError: If a value is not as described above.
    """

    metric: str
    value: float

    _rules: ClassVar = {
        "metric": ("the name of a metric", lambda name: isinstance(name, str) and bool(name)),
        "value": ("a finite number", _is_number),
    }

    def is_met(self, outcome: Outcome) -> bool:
        """Return whether the best score has reached the target."""
        sign = dict(outcome.goals)[self.metric]
        best = outcome.bests.get(self.metric)
        return best is not None and sign * best[0] <= sign * self.value

    def progress(self, outcome: Outcome) -> str:
        """Return the best score and the target."""
        if self.metric not in outcome.bests:
            return f"no {self.metric} yet, target {short(self.value)}"
        value, trial = outcome.bests[self.metric]
        if self.is_met(outcome):
            score = f"{self.metric} {short(value)} (trial {trial})"
            return f"{score} has reached the target {short(self.value)}"
        return f"{self.metric} {short(value)}, target {short(self.value)}"


@dataclass(frozen=True, kw_only=True)
class NoImprovement(StopRule):
    """Ends a search once several trials in a row have ended without a new best one.

    With several objectives, that is one which none before it dominates. Trials count however they
    end, from the first score on.

    Attributes:
        trials: Number of these trials, >= 1.

    Raises:
        StudyError: If it is none.
    """

    trials: int

    _rules: ClassVar = {"trials": whole_number(1)}

    def is_met(self, outcome: Outcome) -> bool:
        """Return whether that many trials have ended after the best one."""
        return outcome.n_since >= self.trials

    def progress(self, outcome: Outcome) -> str:
        """Return how many trials have ended after the best one."""
        if not self.is_met(outcome) or outcome.latest is None:
            return f"{outcome.n_since} of {self.trials} trials without improvement"
        n_trials = counted(outcome.n_since, "trial")
        return f"{n_trials} without improvement on trial {outcome.latest.number}"


RULES: dict[str, type[Target | NoImprovement]] = {
    rule.__name__: rule for rule in (Target, NoImprovement)
}


def are_stop_rules(value: object) -> bool:
    """Return whether a value is a rule, or a tuple of rules."""
    return all(isinstance(rule, StopRule) for rule in as_rules(value))


def check_targets(rules: Sequence[StopRule], metrics: Sequence[str]) -> None:
    """Refuse targets of other metrics than those that a study minimizes or maximizes.

    Raises:
        StudyError: If there are any.
    """
    for rule in rules:
        if isinstance(rule, Target) and rule.metric not in metrics:
            raise StudyError(
                f"Study: expected the target in until to be of {' or '.join(map(repr, metrics))}, "
                f"which is minimized or maximized, got {rule.metric!r}; name the same metric"
            )


def as_rules(value: Any) -> tuple[Any, ...]:
    """Return a tuple of one rule or of several."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def rules_as_json(rules: Sequence[StopRule]) -> list[dict[str, Any]]:
    """Return rules as JSON values."""
    known = [rule for rule in rules if isinstance(rule, Target | NoImprovement)]
    return [{"rule": type(rule).__name__} | asdict(rule) for rule in known]


def rules_from_json(entries: Sequence[Mapping[str, Any]]) -> list[StopRule]:
    """Return the rules that `rules_as_json` has recorded."""
    given = [(entry["rule"], {k: v for k, v in entry.items() if k != "rule"}) for entry in entries]
    return [RULES[name](**fields) for name, fields in given]
