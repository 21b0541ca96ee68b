"""Reads what a study's `train` yields."""

import math
from collections.abc import Mapping, Sequence

from sweep.errors import EpochError
from sweep.study.code.user_code import text_of
from sweep.text import printable, shown
from sweep.trials.epoch import Epoch, State
from sweep.trials.known import KNOWN


def read(
    item: object, needed: Sequence[str], *, is_compared: bool = False
) -> tuple[dict[str, float], State | None]:
    """Return the metrics and the state of what `train` yielded.

    Args:
        item: An `Epoch`, an object like it, or a dictionary of metrics.
        needed: Names of the metrics that every epoch needs, the one that scores it first; those
            that a run knows by itself need not be in it.
        is_compared: Whether epochs are compared by the first one, so that it has to be in each.

    Raises:
        EpochError: If it is anything else, a metric is no number, or one is missing.
    """
    if isinstance(item, Mapping):
        item = Epoch(item)
    metrics = getattr(item, "metrics", None)
    if not isinstance(metrics, Mapping):
        raise EpochError(
            f"train: expected each epoch to be a sweep.Epoch or a dict of metrics, "
            f'got {shown(item)}; yield {{"loss": ...}}'
        )
    try:
        numbers = {printable(str(name)): float(value) for name, value in metrics.items()}
    except Exception as error:  # noqa: BLE001 - a tensor's or a whole number's may be any
        text = f"train: expected metrics to be numbers, got {shown(metrics)} ({text_of(error)})"
        raise EpochError(text) from None
    known = KNOWN.keys() - set(needed[:1] if is_compared else ())
    missing = next((name for name in needed if name not in numbers and name not in known), None)
    if missing is not None:
        raise EpochError(
            f"train: expected the metric {missing!r} in every epoch, got {sorted(numbers)}; yield "
            f"it, or name one of these in sweep.Study"
        )
    return numbers, getattr(item, "state", None)


def not_finite(metrics: Mapping[str, float], needed: Sequence[str], epoch: int) -> str:
    """Return which needed metric is infinite or not a number after an epoch; "" if none is."""
    wrong = (name for name in needed if not math.isfinite(metrics.get(name, 0.0)))
    return next((f"{name} is {metrics[name]} after epoch {epoch}" for name in wrong), "")
