"""The last step of a study, as a study file declares it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sweep.trials.evaluation import Evaluation
from sweep.trials.records import State

FINAL_SUFFIX = "-final"
"""Ends the name of the study that holds a search's final trainings."""


@dataclass(frozen=True, kw_only=True)
class Final:
    """The last step of a study: retrain the best configuration, then evaluate it on the test set.

    The workers of the search never see what `test` returns. Each evaluation is recorded.

    Attributes:
        data: Loads the data for the final training, as `Study.data` does for the search.
        test: Loads the test set. Called only after the final training.
        evaluate: evaluate(config, state, test_set) returns the metrics of the trained state as
            plain numbers, or an `Evaluation` that also holds exhibits to look at.
        minimize: Name of a metric that the final training reports, such as its loss. The metric of
            the search needs validation data, which the final training may train on.
        config: Changes the best configuration for the final training, for example to more epochs.
    """

    data: Callable[[], Any]
    test: Callable[[], Any]
    evaluate: Callable[[Any, State, Any], Mapping[str, float] | Evaluation]
    minimize: str
    config: Callable[[Any], Any] | None = None
