"""Reads what a study's `train` yields."""

from collections.abc import Mapping

from sweep.errors import EpochError
from sweep.study.code.user_code import text_of
from sweep.text import printable, shown
from sweep.trials.records import Epoch, State


def read(item: object, metric: str) -> tuple[dict[str, float], State | None]:
    """Return the metrics and the state of what `train` yielded.

    Args:
        item: An `Epoch`, an object like it, or a dictionary of metrics.
        metric: Name of a metric that every epoch needs.

    Raises:
        EpochError: If it is anything else, a metric is no number, or `metric` is missing.
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
    if metric not in numbers:
        raise EpochError(
            f"train: expected the metric {metric!r} in every epoch, got {sorted(numbers)}; yield "
            f"it, or name one of these in sweep.Study"
        )
    return numbers, getattr(item, "state", None)
