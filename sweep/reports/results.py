"""`sweep.Run`: a run, read from its database, with its records, tables and best trial."""

import os
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from sweep.errors import OptionError, RunError
from sweep.reports import fronts, tables
from sweep.reports.fronts import Search
from sweep.reports.published import FilledTable, fill
from sweep.storage.database import Database
from sweep.storage.locations import storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.study.fields import added_values
from sweep.study.final import FINAL_SUFFIX, RUNOFF_SUFFIX
from sweep.study.limits import Limits, limits_of
from sweep.study.published import tables_from_json
from sweep.text import terminal_text
from sweep.trials.evaluation import TestOpening, test_openings
from sweep.trials.ranking import (
    comparable,
    n_ended,
    runoff_is_over,
    trainings_of,
    winner,
)
from sweep.trials.records import Ending, Failure, TrialRecord

PRINTED_LINES = 20
PRINTED_BYTES = 8192
"""The most of what a trial has printed that is shown."""


class Run(Search):
    """A run as its database tells it; it can be read while it is being written.

    Attributes:
        directory: Paths of the run directory.
        about: The study's identity and provenance, as recorded when the run was made.
        records: All trials of the search.
        n_trials: How many there are; `sweep.run` says how many there will be in the end.
        runoff: All trainings of the runoff.
        runoff_repeats: Number of them per finalist.
        finals: All final trainings.
        final_metric: The metric of the final trainings; empty if there are none.
        tests: Every opening of the test set.
    """

    def __init__(self, path: str | Path, storage: str = "") -> None:
        """Read the run in directory `path`.

        Args:
            path: The run directory.
            storage: Where its records are, as in `Options`; needed only for a password.

        Raises:
            RunError: If there is no run.
            StorageError: If its database cannot be read.
        """
        self.directory = RunDirectory(Path(path))
        if not self.directory.exists:
            raise RunError(f"{path}: expected a run directory, found no sweep.db or storage.json; "
                           f"check the path, or make it with `python -m sweep run`")  # fmt: skip
        with closing(Database(storage_of(self.directory, storage))) as database:
            names = database.studies()
            self.about = database.study(names[0]).attributes() if names else {}
            if "provenance" not in self.about:
                raise RunError(f"{path}: this run is just being created; try again in a moment")
            table = database.study(names[0])
            self.records = table.trials()
            self.n_trials = len(self.records)
            self.runoff, rule = _further(database, names[0] + RUNOFF_SUFFIX)
            self._n_finalists = int(rule.get("finalists", 1))
            self.runoff_repeats = int(rule.get("repeats", 1))
            self.finals, about = _further(database, names[0] + FINAL_SUFFIX)
            self._n_finals = int(about.get("repeats", 1))
            self.final_metric = str(about.get("metric", ""))
            self.tests = test_openings(about)
        added = added_values(self.about)
        self.runoff, self.finals = comparable(self.runoff, added), comparable(self.finals, added)

    def __repr__(self) -> str:
        """Return the state of the run, in one line."""
        state = f"{self.name}, {n_ended(self.records)} of {len(self.records)} trials have ended"
        outcome = f", {self.outcome}" if self.best is not None else ""
        return f"Run({str(self.directory.path)!r}: {state}{outcome})"

    def _repr_html_(self) -> str:
        """Return the state of the run and its best trials, for notebooks."""
        return f"<p>{escape(repr(self))}</p>{self.leaders().to_html(index=False)}"

    @property
    def limits(self) -> Limits:
        """What ends the search before its last trial, as of the latest call of `sweep run`."""
        return limits_of(self.about, self.records)

    @property
    def finalists(self) -> list[TrialRecord]:
        """The trials of the runoff, the best of the search first; without one, the best trial."""
        return comparable(self.best_ones(self._n_finalists), added_values(self.about))

    @property
    def chosen(self) -> TrialRecord | None:
        """The trial to train on the final data: the runoff's winner; without one, the best trial.

        None before there is one.
        """
        return winner(self.finalists, self.runoff, self.runoff_repeats, self.sign)

    @property
    def final(self) -> TrialRecord | None:
        """The finished final training of the chosen trial, the first one; None if there is none."""
        return next(iter(self._final_trainings()), None)

    @property
    def final_failure(self) -> Failure | None:
        """Why a runoff without a winner or the final training failed; None if it did not."""
        if len(self._final_trainings()) >= self._n_finals:
            return None
        if self.chosen is not None:
            trainings = [r for r in self.finals if r.params == self.chosen.params]
        else:
            is_over = runoff_is_over(self.finalists, self.runoff, self.runoff_repeats)
            trainings = self.runoff if is_over else []
        if any(not record.has_ended for record in trainings):
            return None
        failed = [record for record in trainings if record.ending is not Ending.COMPLETE]
        if failed and failed[-1].ending is Ending.PRUNED:
            return Failure(Ending.PRUNED, "it raised TrialPruned")
        return failed[-1].failure if failed else None

    @property
    def test(self) -> TestOpening | None:
        """The latest evaluation of the final trainings on the test set; None before it."""
        number = self.final.number if self.final else -1
        tests = [test for test in self.tests if number in test.trainings and test.metrics]
        return tests[-1] if tests else None

    def _final_trainings(self) -> list[TrialRecord]:
        return trainings_of(self.chosen, self.finals) if self.chosen else []

    def printed(self, trial: int) -> str:
        """Return the last lines that a trial has printed; "" if it printed none."""
        path = self.directory.output(trial)
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(-min(path.stat().st_size, PRINTED_BYTES), os.SEEK_END)
            return "\n".join(terminal_text(file.read()).rstrip().split("\n")[-PRINTED_LINES:])

    def trial(self, number: int) -> TrialRecord:
        """Return one trial.

        Raises:
            OptionError: If there is none of this number.
        """
        if not 0 <= number < len(self.records):
            raise OptionError(f"trial: expected a number below {len(self.records)}, got {number}; "
                              f"see `python -m sweep status {self.directory.path}`")  # fmt: skip
        return self.records[number]

    def trials(self) -> pd.DataFrame:
        """Return one row per trial."""
        return tables.trials(self.records, self.metric, fronts.cells(self))

    def leaders(self, n: int = 10) -> pd.DataFrame:
        """Return the front of several objectives, or else the n best trials, best first."""
        front, further = self.front, fronts.cells(self)
        shown, n = (front, len(front)) if self.knee else (self.records, n)
        return tables.leaders(shown, self.metric, self.sign, n, further)

    def epochs(self) -> pd.DataFrame:
        """Return one row per epoch of every trial."""
        return tables.epochs(self.records)

    def comparisons(self) -> dict[str, FilledTable]:
        """Return the tables that the study declares, filled in, by name."""
        declared = tables_from_json(self.about.get("tables", []))
        return {table.name: fill(table, self.records) for table in declared}


def _further(database: Database, name: str) -> tuple[list[TrialRecord], dict[str, Any]]:
    """Return trials and attributes of a study that the run may not have."""
    if name not in database.studies():
        return [], {}
    table = database.study(name)
    return table.trials(), table.attributes()
