"""Parameters that a trial is given, so that they are not left to the sampler."""

from typing import NamedTuple

from sweep.samplers.first import check_names, first_value
from sweep.study.space import Trial
from sweep.trials.domains import Domain, Params
from sweep.trials.records import ENQUEUED, FIRST, TrialRecord

MAX_REFUSED = 10
"""Draws with enqueued parameters that `space` may refuse before it draws all by itself."""


class Given(NamedTuple):
    """The parameters that one trial is given: all, some or none.

    Attributes:
        params: Their values by name. The sampler draws the others.
        source: Where they come from: `FIRST` for those of the study, which the space has to draw;
            `ENQUEUED` for those of the user, which are used where it does; "" if there are none.
    """

    params: Params
    source: str

    def has(self, name: str, domain: Domain) -> bool:
        """Return whether the value of a parameter is given.

        Raises:
            StudyError: If the study gives one that is not in the domain.
        """
        if name in self.params and self.source == FIRST:
            first_value(self.params, name, domain)
        return name in self.params and self.params[name] in domain

    def after(self, refused: Trial, n_refused: int) -> "Given":
        """Return what is given after `space` refused a draw: it need not be what is enqueued."""
        is_whole = refused.params.keys() <= self.params.keys()
        gives_up = self.source == ENQUEUED and (is_whole or n_refused >= MAX_REFUSED)
        return Given({}, self.source) if gives_up else self

    def check(self, trial: Trial) -> None:
        """Refuse what the study wants to be tried first but the trial did not draw.

        Raises:
            StudyError: If there is anything of that kind.
        """
        for name, domain in trial.domains.items():
            self.has(name, domain)
        if self.source == FIRST:
            check_names(self.params, trial)


def given_first(params: Params) -> Given:
    """Return what a study wants to be tried first."""
    return Given(params, FIRST if params else "")


def given_to(record: TrialRecord) -> Given | None:
    """Return what a recorded trial was given; None if that is not on record."""
    return Given(record.given, record.source) if record.source else None
