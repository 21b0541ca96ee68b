"""Every point of a finite search space, once, in the order of the trials that try them."""

from collections import deque
from collections.abc import Sequence

from sweep.errors import StudyError
from sweep.samplers.first import check_feasible
from sweep.samplers.given import Given, given_first, given_to
from sweep.samplers.grid.walk import Walk, all_values
from sweep.study.space import Kinds, Trial
from sweep.study.study import Study
from sweep.trials.domains import Domain, Params, Value
from sweep.trials.records import ENQUEUED, FIRST, TrialRecord

AHEAD = 500
"""Points found before they are asked for, so that the size of a grid is known before its end."""


MAX_INFEASIBLE = 100_000
"""Infeasible points in a row after which a walk gives up."""


class Grid:
    """The points of a study's grid: those that it wants first, then the others, in a walk.

    Attributes:
        infeasible_draws: How many infeasible points the walk passed before the one asked for last.
    """

    def __init__(self, study: Study) -> None:
        self._first = list(study.first)
        self._n_trials = study.trials
        self._kinds = Kinds()
        self._study = study
        self._walk = self._new_walk()
        self._ahead: deque[tuple[Trial, int]] = deque()
        self._tried: list[tuple[Params | None, Given, int]] = []  # with the points passed
        self._n_enqueued = self._n_passed = self.infeasible_draws = 0

    def _new_walk(self) -> Walk:
        return Walk(self._study.space, self._values, self._study.seed)

    def begin_as(self, record: TrialRecord) -> None:
        """Keep to the order of a run that began with this trial.

        Earlier versions listed all points, and began with the first value of each parameter. A walk
        begins with the values in the middle, unless a study wants others.
        """
        values = {name: domain.values() for name, domain in record.domains.items()}
        is_lowest = all(v is not None and v[0] == record.params[name] for name, v in values.items())
        is_wanted = any(first.items() <= record.params.items() for first in self._first[:1])
        if is_lowest and not is_wanted:
            self._walk.lists, self._first = True, []

    def restore(self, records: Sequence[TrialRecord], now: Sequence[TrialRecord | None]) -> None:
        """Take in the trials of the database, in the order of their numbers.

        Args:
            records: The trials.
            now: The same as trials of the space as it is now; None for one out of range.
        """
        for record, present in zip(records, now, strict=True):
            if record.number == 0:
                self.begin_as(record)
            params = present.params if present else None
            self._take(params, given_to(record) or given_first({}), record.infeasible_draws)
            self._visit_again(*self._tried[-1])

    def ask(self, given: Given) -> Trial:
        """Return the next point, of which there has to be one, or the one that is enqueued.

        Raises:
            StudyError: If a parameter has infinitely many values, `first` is not in the space, or
                nothing is feasible.
        """
        if given.source == ENQUEUED:
            trial, n_passed = self._visit_now(given.params)
        else:
            self._look_ahead()
            trial, n_passed = self._ahead.popleft()
        self._take(trial.params, given, n_passed)
        self.infeasible_draws = n_passed
        return trial

    def _visit_now(self, wanted: Params) -> tuple[Trial, int]:
        """Visit a point as a resumed run would, which has not looked ahead."""
        lists, self._walk = self._walk.lists, self._new_walk()
        self._walk.lists = lists
        self._ahead.clear()
        self._n_passed = 0
        for tried in self._tried:
            self._visit_again(*tried)
        trial = self._walk.visit(wanted)
        if self._walk.refused is None:
            return trial, 0
        self._n_passed = 1
        while (point := self._next({})) is None:
            pass
        return point

    def _visit_again(self, params: Params | None, given: Given, n_passed: int) -> None:
        """Visit a recorded point, after the infeasible ones that the walk passed before it."""
        if params is not None:
            for n_before in range(n_passed):  # of what is enqueued there is one try
                self._walk.visit(given.params if given.source == FIRST or not n_before else {})
            self._walk.visit(params)

    def _next(self, wanted: Params) -> tuple[Trial, int] | None:
        """Visit a point; return it with the number of those passed, None if it is infeasible."""
        trial = self._walk.visit(wanted)
        if self._walk.refused is not None:
            self._n_passed += 1
            check_feasible(wanted, trial, self._walk.refused, self._n_passed, MAX_INFEASIBLE)
            return None
        n_passed, self._n_passed = self._n_passed, 0
        return trial, n_passed

    def _take(self, params: Params | None, given: Given, n_passed: int) -> None:
        self._tried.append((params, given, n_passed))
        self._n_enqueued += given.source == ENQUEUED

    def limit(self) -> int | None:
        """Return the number of points; None while more are left than anyone has looked for."""
        self._look_ahead()
        return len(self._tried) + len(self._ahead) if self._is_over else None

    @property
    def _is_over(self) -> bool:
        return self._walk.is_over and not self._rest_of_first

    @property
    def _rest_of_first(self) -> list[Params]:
        return self._first[len(self._tried) - self._n_enqueued + len(self._ahead) :]

    def _look_ahead(self) -> None:
        n = max(1, min(AHEAD, self._n_trials - len(self._tried)))
        while len(self._ahead) < n and not self._is_over:
            first = next(iter(self._rest_of_first), {})
            if (point := self._next(first)) is not None:
                given_first(first).check(point[0])
                self._ahead.append(point)
        if self._is_over and not self._ahead and not self._tried:
            raise StudyError(
                f"space: expected a feasible point of the grid, got none of {self._n_passed} "
                f"({self._walk.refused}); refuse fewer"
            )

    def _values(self, name: str, domain: Domain) -> Sequence[Value]:
        self._kinds.check(name, domain)
        return all_values(name, domain)
