"""What a study's trainings say of others, and of what they will come to themselves."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sweep.model.candidates import best_of
from sweep.model.columns import Columns, Matrix
from sweep.model.fitting import fit, prior
from sweep.model.improvement import log_expected_improvement, log_probability
from sweep.model.kernel import Hyperparameters, Points
from sweep.model.process import Process
from sweep.model.scale import SOFTENING, Scale
from sweep.model.trainings import Training, Value, values_of
from sweep.trials.domains import Domain, Params

N_GOOD = 5
"""Best configurations near which better ones are looked for."""


class Learned(NamedTuple):
    """Hyperparameters, with lengths by the name of the parameter: trials may bring new ones."""

    lengths: Mapping[str, float]
    rest: tuple[float, float, float, float]


class Goal(NamedTuple):
    """What a training is to reach.

    Attributes:
        epochs: Within this many more epochs.
        margin: By how much it is to be better than the best one, in standard deviations of all
            values on the model's scale.
    """

    epochs: int
    margin: float


class Model:
    """A Gaussian process of the trainings of a study.

    Attributes:
        used: The values that it uses.
        learned: Its hyperparameters.
    """

    _softening = SOFTENING

    def __init__(
        self,
        domains: Mapping[str, Domain],
        trainings: Sequence[Training],
        n_epochs: int,
        learned: Learned | None = None,
    ) -> None:
        """Model trainings, of at least one of which something is known.

        Args:
            domains: What each parameter is drawn from.
            trainings: The trainings.
            n_epochs: Epochs of a whole training.
            learned: Hyperparameters; None to learn them from these trainings.
        """
        self.used = values_of(trainings)
        self._trainings = trainings
        self._n_epochs = n_epochs
        self._columns = Columns(domains, [training.params for training in trainings])
        values = np.array([value.value for value in self.used])
        self._scale = Scale(values, self._softening)
        self._z = self._scale(values)
        points = self._points([v.training for v in self.used], [v.epoch for v in self.used])
        theta = self._theta(learned) or fit(self._columns.column_axes, points, self._z)
        lengths = dict(zip(self._names, theta.lengths.tolist(), strict=True))
        self.learned = Learned(lengths, (theta.signal, theta.memory, theta.own, theta.noise))
        process = Process(theta, self._columns.column_axes, points, self._z)
        running = [i for i, training in enumerate(trainings) if training.runs_to]
        targets = [trainings[i].runs_to for i in running]
        self._process = process.believe(self._points(running, targets))
        self._best = self._lowest()

    def suggest(self, rng: np.random.Generator) -> Params:
        """Return the new parameters that have the largest expected improvement.

        It is the improvement on the best training as the model sees it, without noise: the best
        value on record is that of a lucky one. Source: Picheny et al. (2013), "A benchmark of
        kriging-based infill criteria for noisy optimization", section 3.2 (plug-in).
        """
        best = self._lowest_mean()

        def score(rows: Matrix) -> Matrix:
            mean, variance = self._process.predict(self._places(rows, self._n_epochs))
            return log_expected_improvement(mean, np.sqrt(variance), best)

        return self._columns.params(self._best_new(score, rng))

    def worth(self, trainings: Sequence[int], goal: Goal) -> Matrix:
        """Return the log probability that each of some trainings reaches a goal, (n,)."""
        epochs = [min(self._trainings[i].epochs + goal.epochs, self._n_epochs) for i in trainings]
        return self._hope(self._points(trainings, epochs), goal)

    def worth_of_new(self, goal: Goal, rng: np.random.Generator) -> float:
        """Return the log probability that the best training to begin reaches a goal."""
        epoch = min(goal.epochs, self._n_epochs)

        def score(rows: Matrix) -> Matrix:
            return self._hope(self._places(rows, epoch), goal)

        return float(score(self._best_new(score, rng)[None])[0])

    def expect(self, trainings: Sequence[int]) -> tuple[Matrix, Matrix, Matrix]:
        """Return what whole trainings come to: median, low and high (16 and 84 %), (n,) each."""
        return self._bounds(self._whole(trainings))

    def chance(self, trainings: Sequence[int]) -> Matrix:
        """Return the probability that each of some trainings becomes the best one, (n,)."""
        mean, deviation = self._outcome(self._whole(trainings))
        return np.exp(log_probability(mean, deviation, self._best))

    @property
    def _names(self) -> list[str]:
        return [axis.name for axis in self._columns.axes]

    def _theta(self, learned: Learned | None) -> Hyperparameters | None:
        if learned is None:
            return None
        usual = float(prior(len(self._names))[0][0])
        lengths = [learned.lengths.get(name, usual) for name in self._names]
        return Hyperparameters(np.array(lengths), *learned.rest)

    def _points(self, trainings: Sequence[int], epochs: Sequence[int]) -> Points:
        """Return values of trainings after epochs; 0 stands for the last one."""
        numbers = np.array(trainings, np.intp)
        seen = self._columns.seen(self._columns.known[numbers])
        return Points(seen, self._times(epochs), numbers)

    def _whole(self, trainings: Sequence[int]) -> Points:
        return self._points(trainings, [0] * len(trainings))

    def _places(self, rows: Matrix, epoch: int) -> Points:
        """Return values of trainings to come after an epoch."""
        times = self._times([epoch] * len(rows))
        return Points(self._columns.seen(rows), times, -1 - np.arange(len(rows)))

    def _times(self, epochs: Sequence[int]) -> Matrix:
        if self._n_epochs <= 1:
            return np.ones(len(epochs))
        counted = np.where(np.array(epochs) == 0, self._n_epochs, epochs)
        return np.asarray(np.minimum(np.log(counted) / math.log(self._n_epochs), 1.0))

    def _lowest(self) -> float:
        """Return the best score; without one, the best that a training so far is to expect."""
        scores = [z for z, value in zip(self._z, self.used, strict=True) if value.epoch == 0]
        return float(min(scores)) if scores else self._lowest_mean()

    def _lowest_mean(self) -> float:
        """Return what the best training is expected to come to, without its noise."""
        known = sorted({value.training for value in self.used})
        return float(self._process.predict(self._whole(known))[0].min())

    def _outcome(self, places: Points) -> tuple[Matrix, Matrix]:
        mean, variance = self._process.predict(places)
        return mean, np.sqrt(variance + self._process.noise)

    def _bounds(self, places: Points) -> tuple[Matrix, Matrix, Matrix]:
        """Return the values at some places: median, low and high (16 and 84 %), (n,) each."""
        mean, deviation = self._outcome(places)
        low, high = (self._scale.back(mean + sign * deviation) for sign in (-1, 1))
        return self._scale.back(mean), low, high

    def _hope(self, places: Points, goal: Goal) -> Matrix:
        return log_probability(*self._outcome(places), self._best - goal.margin)

    def _best_new(self, score: Callable[[Matrix], Matrix], rng: np.random.Generator) -> Matrix:
        """Return the row that rates highest among those that no training has."""

        def score_of_new(rows: Matrix) -> Matrix:
            return np.where(self._columns.are_known(rows), -np.inf, score(rows))

        return best_of(self._columns, self._good(), score_of_new, rng)

    def _good(self) -> Matrix:
        """Return the rows of the best trainings."""
        good = sorted(_last_values(self.used), key=lambda value: (value.epoch > 0, value.value))
        return self._columns.known[[value.training for value in good[:N_GOOD]]]


def _last_values(used: Sequence[Value]) -> list[Value]:
    """Return the last value of each training."""
    return list({value.training: value for value in used}.values())
