"""The last step of a study, as a study file declares it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sweep.errors import StudyError
from sweep.study.rules import FUNCTION, Rule, broken, optional, whole_number
from sweep.trials.epoch import State
from sweep.trials.evaluation import Evaluation
from sweep.trials.records import TrialRecord

RUNOFF_SUFFIX = "-runoff"
"""Ends the name of the study that holds the runoff of a search's best trials."""

FINAL_SUFFIX = "-final"
"""Ends the name of the study that holds a search's final trainings."""

Metrics = Mapping[str, float] | Evaluation

RULES: dict[str, Rule] = {
    "data": FUNCTION,
    "test": FUNCTION,
    "evaluate": FUNCTION,
    "config": optional(FUNCTION, ""),
    "ensemble": optional(FUNCTION, ""),
    "choose": (
        "'first', 'knee' or a function of the front",
        lambda choose: callable(choose) or choose in ("first", "knee"),
    ),
    "runoff": whole_number(1),
    "runoff_repeats": whole_number(1),
    "repeats": whole_number(1),
}


@dataclass(frozen=True, kw_only=True)
class Final:
    """The last step of a study: retrain the best configuration, then evaluate it on the test set.

    The workers of the search never see what `test` returns. Each evaluation is recorded.

    Attributes:
        data: Loads the data for the final training, as `Study.data` does for the search.
        test: Loads the test set. Called only after the final trainings, once for all of them.
        evaluate: evaluate(config, state, test_set) returns the metrics of the trained state as
            plain numbers, or an `Evaluation` that also holds exhibits to look at.
        minimize: Name of a metric that the final training reports, such as its loss. The metric of
            the search needs validation data, which the final training may train on.
        config: Changes the best configuration for the final training, for example to more epochs.
        choose: Which trial of several objectives is retrained: the "first" on the front, which is
            the best by the first objective, the "knee" (`sweep.trials.front.knee_of`), or a
            function of the front (trial records, best by the first objective first) that returns
            one of them.
        runoff: Number of the best trials that are trained again as in the search, with other seeds.
            The mean of the new scores decides which configuration is trained on the final data.
            With 1 there is no runoff, and it is the best trial's.
        runoff_repeats: Number of trainings of each trial in the runoff.
        repeats: Number of final trainings, each with its own seed. The test set then gives a mean
            and a standard deviation. The state of the first training is kept as the best.
        ensemble: ensemble(config, states, test_set) returns the metrics of all final trainings
            together, as `evaluate` does for one; not called for a single one.

    Raises:
        StudyError: If a value is not as described above.
    """

    data: Callable[[], Any]
    test: Callable[[], Any]
    evaluate: Callable[[Any, State, Any], Metrics]
    minimize: str
    config: Callable[[Any], Any] | None = None
    choose: Literal["first", "knee"] | Callable[[list[TrialRecord]], TrialRecord] = "first"
    runoff: int = 1
    runoff_repeats: int = 3
    repeats: int = 1
    ensemble: Callable[[Any, Sequence[State], Any], Metrics] | None = None

    def __post_init__(self) -> None:
        for expected, value in broken(self, RULES):
            raise StudyError(f"Final: expected {expected}, got {value!r}")
