"""The declaration that a study file makes: what to vary, and how to train."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean, stdev
from typing import Any, Literal, get_args

from sweep.errors import StudyError
from sweep.pruners.optuna_pruner import OptunaPruner
from sweep.pruners.pruner import Pruner, compares_repeats
from sweep.study.code.user_code import Train, train_for
from sweep.study.final import Final
from sweep.study.objectives import (
    CONSTRAINTS,
    Bounds,
    Names,
    Objective,
    check_objectives,
    objectives_of,
)
from sweep.study.published import WHAT_TABLES_ARE, Table, are_tables
from sweep.study.rules import (
    FUNCTION,
    MAX_NAME,
    PLACES,
    Rule,
    are_functions,
    are_params,
    broken,
    choices,
    either,
    is_name,
    optional,
    whole_number,
)
from sweep.study.sampler import OptunaSampler, SamplerName
from sweep.study.space import Space
from sweep.study.stopping import StopRule, are_stop_rules, as_rules, check_targets
from sweep.trials.domains import Params
from sweep.trials.ranking import scores
from sweep.trials.records import TrialRecord

Callback = Callable[[str, TrialRecord], None]
"""Called with the name of the study and the record of a trial that has ended."""

MINIMUM = """
    def space(trial):
        return {"x": trial.suggest_float("x", -10, 10)}

    def train(config, data, seed, state):
        yield {"loss": config["x"] ** 2}

    study = sweep.Study(name="quadratic", space=space, train=train, minimize="loss")"""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What to vary and how to train. It validates itself.

    A new field also needs a place in the table of `sweep.study.fields`.

    Attributes:
        name: Name of the study and, by default, of its run directory.
        space: Draws a configuration (a dataclass or a dict) from a `Trial`. Must be pure: it runs
            in the driver when a trial is created, and again in the worker with the recorded values.
        train: train(config, data, seed, state) yields an `Epoch`, or a dict of metrics, per epoch.
            `state` is None for a new trial, or the state yielded after its last completed epoch.
            Or a `sweep.program`.
        minimize: Name of a metric, or a tuple of several: any that the epochs report, or "seconds",
            "core_seconds" and "seconds_per_epoch", which a run measures. The first counts most.
        maximize: The same, to maximise; these come after the others.
        constraints: Bounds (low, high) by metric, or None; what violates one is never the best.
        data: Loads the training and validation data, once; workers share them read-only.
        trials: Total number of trials of the run.
        until: What ends the search before that: `Target`, `NoImprovement`, or a tuple of them.
        seed: The seed that all other seeds are derived from.
        sampler: "auto" ("gp" for one objective without constraints, else "tpe"), "gp" (a Gaussian
            process), one of Optuna's "tpe", "cmaes", "nsga2" and "nsga3", "qmc" (evenly spread
            points), "random", "grid" (every point of a finite space once, spread over all of it),
            or an `OptunaSampler` for any other.
        sampler_memory: Number of most recently ended trials that TPE and GP are shown, in addition
            to the best 25 and the 100 running ones that began last. A bound keeps the cost per
            trial constant. None shows all trials.
        errors: Whether TPE and GP should "avoid" configurations whose training raised, or "ignore"
            such trials because the error had nothing to do with the parameters.
        pruner: Stops or pauses unpromising trials: `Asha`, `FreezeThaw`, `Hyperband`, `Median`,
            `Percentile`, `Threshold`, `Patient`, `Wilcoxon`, an `OptunaPruner` for any other, or
            None.
        score: Which epoch of a trial counts: the "last" or the "best" one. Its state is the one
            that is kept, evaluated and shown; with `repeats`, that of the best of all trainings.
            "mean" is the mean of all epochs, where each is a fold; the last state is kept.
        duplicates: What to do with a configuration that was already tried: "resample" it if there
            is another one, "reuse" its score if it has one, or "rerun" it.
        repeats: Number of times that a trial trains its configuration, each with its own seed; the
            score is the mean. The pruner acts only during the first training.
        first: Parameters to try first, complete or in part; the sampler fills in what is missing.
        warm_start: Runs, or Optuna studies (sqlite:///file.db::name), whose trials the sampler is
            shown before the first question. They are copied into this run's database.
        keep: Which trials keep their final checkpoint: only the "best", or "all" completed ones.
        final: What to do with the best configuration at the end; None for nothing.
        deterministic: Whether the results depend only on study and seed, on any number of slots and
            after any crash. A trial then depends only on those at least `window` before it.
        window: Largest number of trials that can run at the same time in deterministic mode.
        tables: Tables that show the results next to published ones; see `sweep.PublishedTable`.
        callbacks: Functions to call with the study's name and the record of each trial that ends,
            once it is recorded. Calls missed because the driver was killed are not repeated. Errors
            in them are reported and do not stop the run. See `sweep.loggers`.
        file: Path of the study file; set when it is loaded.
        settings: The study's own settings, which are recorded; set likewise.

    Raises:
        StudyError: If a value is not as described above.
    """

    name: str
    space: Space
    train: Train
    minimize: Names = None
    maximize: Names = None
    constraints: Mapping[str, Bounds] = field(default_factory=dict)
    data: Callable[[], Any] | None = None
    trials: int = 20
    until: StopRule | tuple[StopRule, ...] = ()
    seed: int = 0
    sampler: SamplerName | OptunaSampler = "auto"
    sampler_memory: int | None = 250
    errors: Literal["avoid", "ignore"] = "avoid"
    pruner: Pruner | OptunaPruner | None = None
    score: Literal["last", "best", "mean"] = "last"
    duplicates: Literal["resample", "reuse", "rerun"] = "resample"
    repeats: int = 1
    first: tuple[Params, ...] = ()
    warm_start: tuple[str, ...] = ()
    keep: Literal["best", "all"] = "best"
    final: Final | None = None
    deterministic: bool = False
    window: int = 8
    tables: tuple[Table, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    file: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for expected, value in broken(self, RULES | choices(Study)):
            raise StudyError(f"Study: expected {expected}, got {value!r}")
        object.__setattr__(self, "warm_start", tuple(map(str, self.warm_start or ())))
        check_objectives(self)
        if compares_repeats(self.pruner) and self.repeats == 1 and self.score != "mean":
            raise StudyError(
                f"Study: expected repeats > 1 or score 'mean' for {self.pruner}, which compares "
                f"trials pair by pair, got {self.repeats} and {self.score!r}; set one of them"
            )
        check_targets(self.stop_rules, [goal.metric for goal in self.objectives])
        object.__setattr__(self, "train", train_for(self))

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """The metrics to minimise, then those to maximise."""
        return objectives_of(self.minimize, self.maximize)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The metrics that every epoch needs: objectives and constraints, each once."""
        names = [objective.metric for objective in self.objectives]
        return tuple(dict.fromkeys([*names, *self.constraints]))

    @property
    def metric(self) -> str:
        """Name of the metric to minimise or maximise, the first of several."""
        return self.objectives[0].metric

    @property
    def stop_rules(self) -> tuple[StopRule, ...]:
        """The rules that end the search before its last trial."""
        return as_rules(self.until)

    @property
    def sign(self) -> int:
        """1 to minimise, -1 to maximise: a score times this is lower when better."""
        return self.objectives[0].sign

    def score_of(self, curves: list[list[float]]) -> tuple[float, float | None]:
        """Return the score of a trial and its standard deviation, by the study's rule.

        Args:
            curves: The metric after each epoch of each training, at least one value each.

        Returns:
            Mean and sample standard deviation over the trainings; None for a single training.
        """
        values = scores(curves, self.score, self.sign)
        return fmean(values), stdev(values) if len(values) > 1 else None


def _is_sampler(value: object) -> bool:
    return isinstance(value, OptunaSampler) or value in get_args(SamplerName)


def _is_pruner(value: object) -> bool:
    return isinstance(value, Pruner | OptunaPruner) and not isinstance(value, type)


PRUNERS = """Asha(...), FreezeThaw(...), Hyperband(...), Median(...), Percentile(...), \
Threshold(...), Patient(...), Wilcoxon(...), OptunaPruner(...)"""
RULES: dict[str, Rule] = {
    "name": (f"letters, digits, '-', '_' or '.', of at most {MAX_NAME} bytes", is_name),
    "space": FUNCTION,
    "train": FUNCTION,
    "data": optional(FUNCTION, ""),
    "trials": whole_number(1),
    "until": ("Target(...), NoImprovement(...) or a tuple of them", are_stop_rules),
    "seed": whole_number(0),
    "constraints": CONSTRAINTS,
    "sampler": (f"{either(get_args(SamplerName))}, or an OptunaSampler", _is_sampler),
    "sampler_memory": optional(whole_number(1)),
    "pruner": optional((PRUNERS, _is_pruner)),
    "repeats": whole_number(1),
    "first": ("a tuple of dictionaries", are_params),
    "warm_start": optional(PLACES),
    "window": whole_number(1),
    "tables": (WHAT_TABLES_ARE, are_tables),
    "callbacks": ("functions", are_functions),
}
