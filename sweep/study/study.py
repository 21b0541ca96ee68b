"""This file is the declaration that a study file makes: what to vary, and how to train."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any, Literal, get_args

from sweep.errors import StudyError
from sweep.pruners.pruner import Pruner
from sweep.study.published import LAW_OF_TABLES, Table, are_tables
from sweep.study.space import Space
from sweep.trials.domains import Params
from sweep.trials.evaluation import Evaluation
from sweep.trials.records import State, TrialRecord, scores

Train = Callable[..., Iterable[Any]]
"""train(config, data, seed, state): yields an Epoch, or a dictionary of metrics, per epoch."""


SamplerName = Literal["tpe", "random", "grid"]


SAMPLERS = get_args(SamplerName)


Callback = Callable[[str, TrialRecord], None]
"""(name of the study, record of a trial that has ended) -> nothing."""


MINIMUM = """
    def space(trial):
        return {"x": trial.suggest_float("x", -10, 10)}

    def train(config, data, seed, state):
        yield {"loss": config["x"] ** 2}

    study = sweep.Study(name="quadratic", space=space, train=train, minimize="loss")"""


@dataclass(frozen=True, kw_only=True)
class Final:
    """The last step of a study: train the best configuration once more, then open the test set.

    The workers of the search never see what `test` returns; each evaluation is kept on record.

    Attributes:
        data: Loads what the final training learns from, as `Study.data` does for the search.
        test: Loads the test set. Called after the final training only.
        evaluate: (config, state, test set) -> metrics of the trained state, as plain numbers; or
            an `Evaluation`, with what there is to look at beside them.
        minimize: Name of a metric that the final training reports, as its loss: the one that the
            search selects by needs validation data, which may be part of the training now.
        config: Changes the best configuration for the final training, as to more epochs.
    """

    data: Callable[[], Any]
    test: Callable[[], Any]
    evaluate: Callable[[Any, State, Any], Mapping[str, float] | Evaluation]
    minimize: str
    config: Callable[[Any], Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to vary and how to train; it validates itself.

    Attributes:
        name: Of the study and, by default, of its run directory.
        space: Draws a configuration (a dataclass or a dict) from a `Trial`. Pure: it runs on the
            driver when a trial is asked for, and again in the worker with the recorded values.
        train: train(config, data, seed, state) yields an `Epoch`, or a dict of metrics, per epoch.
            `state` is None, or that of the last epoch kept: go on from there.
        minimize: Name of the metric to minimise; give this or `maximize`.
        maximize: Name of the metric to maximise.
        data: Loads what the search trains on and validates with, once; workers share it read-only.
        trials: How many trials the run has in the end.
        seed: The one seed that all others derive from.
        sampler: "tpe" (Optuna's), "random", or "grid": every point of a finite space.
        sampler_memory: What TPE is shown of many trials, so that a question to it costs the same at
            the ten thousandth: so many that ended last, beside the best 25 and the 100 that began
            last of those that run. None for all of them.
        errors: Whether TPE shall "avoid" configurations whose training raised, as the worst of all,
            or "ignore" them, since what it raised had nothing to do with them.
        pruner: Stops unpromising trials early: `Asha`, `Median` or None.
        score: Which epoch counts: the "last", or the "best" one of the trial.
        duplicates: What to do with a configuration that was tried before: "resample" another one
            where there is any, "reuse" its score if it has one, or "rerun" it.
        repeats: How often a trial trains its configuration, each time with a seed of its own; its
            score is the mean. The pruner decides in the first training.
        first: Parameters to try first, each whole or in part; the sampler adds what is missing.
        keep: Whose last states stay on disk: that of the "best" trial, or of "all" complete ones.
        final: What to do with the best configuration in the end; None for nothing.
        deterministic: Whether the table depends on nothing but study and seed, however many slots
            there are and whatever dies: a trial then knows only those at least `window` before it.
        window: How many trials can be under way at a time in that mode; more slots stay idle.
        tables: What to show of the trials beside published figures; see `sweep.PublishedTable`.
        callbacks: Functions to call with the study's name and each trial that ends, after it is on
            record; those that were missed when the driver was killed are not made up for. One that
            fails is reported, and the run goes on. See `sweep.loggers`.
        file: The study file; filled in when it is loaded.
        settings: The study's own settings, kept on record; filled in when the file is loaded.

    Raises:
        StudyError: If a value is not what its line above says.
    """

    name: str
    space: Space
    train: Train
    minimize: str | None = None
    maximize: str | None = None
    data: Callable[[], Any] | None = None
    trials: int = 20
    seed: int = 0
    sampler: SamplerName = "tpe"
    sampler_memory: int | None = 250
    errors: Literal["avoid", "ignore"] = "avoid"
    pruner: Pruner | None = None
    score: Literal["last", "best"] = "last"
    duplicates: Literal["resample", "reuse", "rerun"] = "resample"
    repeats: int = 1
    first: tuple[Params, ...] = ()
    keep: Literal["best", "all"] = "best"
    final: Final | None = None
    deterministic: bool = False
    window: int = 8
    tables: tuple[Table, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    file: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for law, holds, value in (
            ("name to be letters, digits, '-', '_' or '.'", _is_name(self.name), self.name),
            ("space to be a function", callable(self.space), self.space),
            ("train to be a function", callable(self.train), self.train),
            ("data to be a function", self.data is None or callable(self.data), self.data),
            ("trials to be a whole number >= 1", _is_int(self.trials, 1), self.trials),
            ("seed to be a whole number >= 0", _is_int(self.seed, 0), self.seed),
            ("repeats to be a whole number >= 1", _is_int(self.repeats, 1), self.repeats),
            ("window to be a whole number >= 1", _is_int(self.window, 1), self.window),
            ("sampler to be 'tpe', 'random' or 'grid'", self.sampler in SAMPLERS, self.sampler),
            (
                "sampler_memory to be a whole number >= 1 or None",
                self.sampler_memory is None or _is_int(self.sampler_memory, 1),
                self.sampler_memory,
            ),
            ("errors to be 'avoid' or 'ignore'", self.errors in ("avoid", "ignore"), self.errors),
            (
                "duplicates to be 'resample', 'reuse' or 'rerun'",
                self.duplicates in ("resample", "reuse", "rerun"),
                self.duplicates,
            ),
            ("score to be 'last' or 'best'", self.score in ("last", "best"), self.score),
            ("keep to be 'best' or 'all'", self.keep in ("best", "all"), self.keep),
            (
                "pruner to be Asha(...), Median(...) or None",
                self.pruner is None or _is_pruner(self.pruner),
                self.pruner,
            ),
            ("first to be a tuple of dictionaries", _are_params(self.first), self.first),
            (f"tables to be {LAW_OF_TABLES}", are_tables(self.tables), self.tables),
            ("callbacks to be functions", _are_functions(self.callbacks), self.callbacks),
        ):
            if not holds:
                raise StudyError(f"Study: expected {law}, got {value!r}")
        if (self.minimize is None) == (self.maximize is None):
            raise StudyError(
                f"Study: expected either minimize or maximize to name a metric, got "
                f"minimize={self.minimize!r}, maximize={self.maximize!r}; give one of them"
            )

    @property
    def metric(self) -> str:
        """Name of the metric to minimise or maximise."""
        return self.minimize or self.maximize or ""

    @property
    def sign(self) -> int:
        """1 to minimise, -1 to maximise: a score times this is lower when better."""
        return 1 if self.minimize is not None else -1

    def score_of(self, curves: list[list[float]]) -> tuple[float, float | None]:
        """The score of a trial with these curves of the metric, one per training, and its spread.

        Returns:
            Mean and sample standard deviation over the trainings; one has no deviation.
        """
        values = scores(curves, self.score, self.sign)
        return fmean(values), stdev(values) if len(values) > 1 else None


def _are_functions(values: object) -> bool:
    return isinstance(values, tuple) and all(map(callable, values))


def _is_name(value: object) -> bool:
    return (
        isinstance(value, str)
        and value[:1].isalnum()
        and all(character.isalnum() or character in "-_." for character in value)
    )


def _is_pruner(value: object) -> bool:
    return isinstance(value, Pruner) and not isinstance(value, type)


def _are_params(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(params, Mapping) for params in value)


def _is_int(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


FINAL_SUFFIX = "-final"
