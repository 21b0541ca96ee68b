"""What a training yields after each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

State = dict[str, Any]
"""A training state to resume from: arrays and JSON values, in dictionaries of any depth."""


@dataclass(frozen=True)
class Epoch:
    """What a study's `train` yields after each epoch.

    Any object with these two attributes will do; so will a dictionary of metrics alone.

    Attributes:
        metrics: Plain numbers by name, including the one to minimise or maximise.
        state: What the same training can resume from, as arrays and JSON values in dictionaries,
            copied at once. A training resumes from the last one, and the last or the best one
            (`Study.score`) is kept; None leaves the former ones in place. An entry "weights" (a
            dictionary of arrays) is kept as the trial's result; an entry "model" (a dictionary of
            JSON values) goes into the header of its file, where "load" names what reads such files.
    """

    metrics: Mapping[str, float]
    state: State | None = None
