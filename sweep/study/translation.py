"""Trials that were drawn from another space, as trials of the space as it is now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sweep.errors import StudyError
from sweep.study.code.user_code import guarded
from sweep.study.space import Choose, OutOfRangeError, Space, Trial, fixed, refusal
from sweep.study.study import Study
from sweep.trials.domains import Categorical, Domain, Params, Value, is_like
from sweep.trials.records import TrialRecord


def _remembered(params: Mapping[str, Value]) -> Choose:
    """Return a `choose` that gives recorded values, be they in the ranges of now or not.

    Raises:
        StudyError: When called for a parameter without a recorded value, or lacking its choice.
    """

    def choose(name: str, domain: Domain) -> Value:
        is_range = not isinstance(domain, Categorical)
        if is_range and name in params and is_like(params[name], domain):
            return params[name]
        return fixed(params)(name, domain)

    return choose


def drawn_now(study: Study, params: Params) -> Trial:
    """Return a trial with recorded parameters, and with `before` of those that are new.

    Its values may be out of the ranges of now.

    Raises:
        StudyError: If the space has parameters that have no value here, lacks some of these, or
            lacks a choice.
    """
    trial = Trial(_remembered(params))
    refused = guarded("space", partial(refusal, study.space, trial), study)
    if refused is not None:
        raise OutOfRangeError(f"space: expected a feasible configuration, got {params} ({refused})")
    gone = sorted(params.keys() - trial.params.keys())
    if gone:
        names = ", ".join(map(repr, gone))
        raise StudyError(f"space: expected parameters {sorted(trial.params)}, got also {names}")
    return trial


def fits(trial: Trial) -> bool:
    """Return whether all values of a trial are in the ranges of now."""
    return all(value in trial.domains[name] for name, value in trial.params.items())


def translated(study: Study, params: Params) -> Trial | None:
    """Return a trial with parameters of another space; None if a value is out of range now.

    Raises:
        StudyError: If the space has parameters that have no value here, or lacks some of these.
    """
    try:
        trial = drawn_now(study, params)
    except OutOfRangeError:
        return None
    return trial if fits(trial) else None


class Translation:
    """The recorded trials of a study, as trials of its space as it is now."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._others: dict[int, Trial | None] = {}

    def add(self, record: TrialRecord) -> TrialRecord | None:
        """Take in a recorded trial; return it as one of now, None if it is out of range."""
        try:
            trial = translated(self._study, record.params)
        except StudyError:  # of another study or version: as it is
            return record
        if trial is None or trial.domains != record.domains:
            self._others[record.number] = trial
        return self.now(record)

    def now(self, record: TrialRecord) -> TrialRecord | None:
        """Return a trial as one of now; None if it is out of range."""
        if record.number not in self._others:
            return record
        trial = self._others[record.number]
        if trial is None:
            return None
        return replace(record, params=trial.params, domains=trial.domains)


def all_now(study: Study, records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return trials of one table as ones of now; those out of range stay as they are."""
    translation = Translation(study)
    return [translation.add(record) or record for record in records]


@dataclass
class _FormerTrial(Trial):
    """A trial of the space as it is now, which draws from the domains of an earlier one."""

    outer: Trial = field(kw_only=True)
    domains_then: Mapping[tuple[str, Domain], Domain] = field(kw_only=True)
    added: frozenset[str] = field(kw_only=True)

    def _draw(self, name: str, domain: Domain, before: Value) -> Value:
        if name in self.added:
            return before
        return self.outer._draw(name, self.domains_then.get((name, domain), domain), before)


def former_space(study: Study, records: Sequence[TrialRecord]) -> Space:
    """Return the space that trials were drawn from, as far as they show it.

    Args:
        study: The study as it is now.
        records: Trials that were drawn from one earlier space, at least one.
    """
    then: dict[tuple[str, Domain], Domain] = {}
    added: set[str] = set()
    for record in records:
        for name, domain in drawn_now(study, record.params).domains.items():
            if name in record.domains:
                then[name, domain] = record.domains[name]
            else:
                added.add(name)

    def space(trial: Trial) -> Any:
        inner = _FormerTrial(
            trial.choose,
            trial.params,
            trial.domains,
            outer=trial,
            domains_then=then,
            added=frozenset(added),
        )
        return study.space(inner)

    return space
