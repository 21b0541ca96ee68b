"""What is to come: where curves lead, and how good the best training will be after some more."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sweep.model.candidates import draw, some
from sweep.model.columns import Matrix, keys_of
from sweep.model.improvement import log_expected_improvement
from sweep.model.model import Model

N_DRAWS = 400
"""Futures that are drawn."""

MOST = 400
"""Trainings of which a future consists at most."""


class Budget(NamedTuple):
    """What may be spent from now on.

    Attributes:
        seconds: Core-seconds in all.
        left: Core-seconds to the end of each training that is not over, by its index.
        new: Core-seconds of a new training, > 0.
        chooses: Whether new trainings are chosen by the model; if not, they are drawn at random.
    """

    seconds: float
    left: Mapping[int, float]
    new: float
    chooses: bool


class ModelAhead(Model):
    """A model that is asked what is to come.

    Its scale is less steep near the best value. A search needs good values far apart, but as the
    scale knows hardly anything below the best one, bounds and improvements would be too small.
    """

    _softening = 0.7

    @property
    def explains(self) -> bool:
        """Whether parameters explain more of the values than the luck of single trainings does."""
        signal, _, own, noise = np.exp(self.learned.rest)
        return bool(signal > own + noise)

    def path(self, training: int, epochs: Sequence[int]) -> tuple[Matrix, Matrix, Matrix]:
        """Return values after epochs of a training: median, low, high (16 and 84 %), (n,) each."""
        return self._bounds(self._points([training] * len(epochs), epochs))

    def best_after(self, budget: Budget, rng: np.random.Generator) -> Matrix:
        """Return draws of the best value after spending a budget, (n,); empty if it buys nothing.

        The budget buys those trainings whose expected improvement on the best one is largest, as
        seen from now: what each of them says of the others is not used. The best of a set that is
        chosen beforehand is no better than that of a search which learns on its way. Source:
        Ginsbourger et al. (2010), "Kriging is well-suited to parallelize optimization".

        Args:
            budget: What may be spent.
            rng: Random numbers that nothing else uses.
        """
        unfinished = list(budget.left)
        rows = self._new(budget, rng)
        places = self._whole(unfinished) + self._places(rows, self._n_epochs)
        costs = np.append([budget.left[i] for i in unfinished], np.full(len(rows), budget.new))
        order = np.argsort(-log_expected_improvement(*self._outcome(places), self._best))
        bought: list[int] = []
        left = budget.seconds
        for place in order.tolist():
            if costs[place] <= left and len(bought) < MOST:
                bought.append(place)
                left -= costs[place]
        if not bought:
            return np.empty(0)
        chosen = places._replace(**{k: v[bought] for k, v in places._asdict().items()})
        return self._scale.back(self._process.draw(chosen, N_DRAWS, rng).min(axis=1))

    def _new(self, budget: Budget, rng: np.random.Generator) -> Matrix:
        """Return rows that no training has: all that may be worth it, or as many as can be paid."""
        if budget.chooses:
            rows = some(self._columns, self._good(), rng)
        else:
            rows = draw(self._columns, min(int(budget.seconds / budget.new), MOST), rng)
        kept = dict(zip(keys_of(rows), rows, strict=True))
        different = np.array([*kept.values()]).reshape(-1, rows.shape[1])
        return different[~self._columns.are_known(different)]
