"""What tables and pages say of objectives after the first, of fronts and of constraints."""

from collections.abc import Callable
from typing import Any

from sweep.study.objectives import Objective, by_name, recorded_objectives
from sweep.text import counted, short
from sweep.trials.front import front_of, knee_of
from sweep.trials.ranking import finalists
from sweep.trials.records import TrialRecord


class Search:
    """The outcome of a search.

    Attributes:
        about: The study's identity and provenance, as recorded when the run was made.
        records: All trials of the search.
    """

    about: dict[str, Any]
    records: list[TrialRecord]

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.about["name"])

    @property
    def metric(self) -> str:
        """The metric to minimise or maximise."""
        return str(self.about["metric"])

    @property
    def sign(self) -> int:
        """1 where a lower metric is better, -1 where a higher one is."""
        return 1 if self.about["direction"] == "minimize" else -1

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The metrics to minimise or maximise, `metric` first."""
        return recorded_objectives(self.about)

    @property
    def front(self) -> list[TrialRecord]:
        """The Pareto front, best by the first objective first; of one, the best trial alone."""
        return front_of([goal.sign for goal in self.objectives], self.records)

    @property
    def knee(self) -> TrialRecord | None:
        """The knee of the front of several objectives; see `sweep.trials.front.knee_of`."""
        signs = [goal.sign for goal in self.objectives]
        return knee_of(self.front, signs) if len(signs) > 1 else None

    @property
    def best(self) -> TrialRecord | None:
        """The best feasible trial, by the first objective; None before the first one."""
        return next(iter(self.front), None)

    @property
    def outcome(self) -> str:
        """What the search has found so far, in a few words."""
        if self.best is None:
            return "no score"
        front = f"{counted(len(self.front), 'trial')} on the front, " if self.knee else ""
        score = f"{self.metric} {short(self.best.score)}"
        return f"{front}best {score} (trial {self.best.number})"

    def scores(self, record: TrialRecord) -> dict[str, float]:
        """Return the scores of a trial by the names of the objectives."""
        return by_name(self.objectives, record.scores)

    def best_ones(self, n: int) -> list[TrialRecord]:
        """Return the n best trials of different parameters, best first.

        Of several objectives, only the one that the study's rule chose, if there is no newer trial.
        """
        if len(self.objectives) > 1:
            choice = self.about.get("chosen") or {}
            is_current = choice.get("trials") == len(self.records)
            return [self.records[choice["trial"]]] if is_current else self.front[:1]
        return finalists(self.records, self.sign, n)


Cells = Callable[[TrialRecord], dict[str, Any]]
"""Further cells of a trial's row, by column."""


def cells(run: Search) -> Cells:
    """Return what each trial shows besides the first objective.

    Columns: each further objective (its score, or else the last epoch's value); front ("knee",
    "front", or empty) if there are several; violates (the metrics out of their bounds), if there
    are constraints. So with one objective and no constraint there are none.
    """
    further = [goal.metric for goal in run.objectives[1:]]
    marks = _marks(run) if further else {}
    constrained = bool(run.about.get("constraints"))

    def of(record: TrialRecord) -> dict[str, Any]:
        scores = run.scores(record)
        values = {name: scores.get(name, latest(record, name)) for name in further}
        front = {"front": marks.get(record.number)} if further else {}
        return values | front | ({"violates": violated(record)} if constrained else {})

    return of


def latest(record: TrialRecord, metric: str) -> float | None:
    """Return the last value of a metric; None if there is none yet."""
    curves = record.curves(metric)
    return curves[-1][-1] if curves and curves[-1] else None


def violated(record: TrialRecord) -> str | None:
    """Return the constrained metrics that are out of their bounds, as text; None if all are in."""
    return ", ".join(name for name, by in record.violations.items() if by > 0) or None


def best_scores(run: Search) -> dict[str, float]:
    """Return the best score of each objective on the front, by name; empty before the first."""
    columns = zip(*(record.scores for record in run.front), strict=True)
    goals = zip(run.objectives, columns, strict=False)
    return {goal.metric: goal.sign * min(goal.sign * x for x in column) for goal, column in goals}


def infeasible_sentences(run: Search) -> list[str]:
    """Return how many trials violate a constraint, and how many draws `space` refused."""
    n_out = sum(not record.is_feasible for record in run.records)
    n_draws = sum(record.infeasible_draws for record in run.records)
    sentences = [
        (n_out, f"{n_out} of {len(run.records)} trials violate a constraint, so that none of them "
                f"can be the best."),
        (n_draws, f"The space refused {n_draws} draws as infeasible; others were drawn instead."),
    ]  # fmt: skip
    return [sentence for n, sentence in sentences if n]


def _marks(run: Search) -> dict[int, str]:
    knee = run.knee
    return {record.number: "knee" if record is knee else "front" for record in run.front}
