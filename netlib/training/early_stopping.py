"""When to end a training that no longer improves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netlib.arrays import Weights
from netlib.checks import check_count, check_range
from netlib.errors import ConfigError

Memory = dict[str, Any]
"""What early stopping remembers between epochs: numbers, None and arrays, as a state allows."""


@dataclass(frozen=True)
class EarlyStopping:
    """End a training after some epochs without improvement.

    An epoch counts as an improvement if its metric is below (1 - min_delta) times the metric of the
    last improvement; the first epoch always counts. So a slow descent counts as soon as it adds up
    to min_delta.

    Args:
        metric: Name of an epoch metric for which lower is better.
        patience: Epochs without improvement after which the training ends, at least 1.
        min_delta: Smallest relative improvement that counts, in [0, 1).
        restore_best: Whether the training ends with the weights of the epoch with the lowest
            metric, even if it runs to its last epoch.

    Raises:
        ConfigError: If a setting is out of its range.
    """

    metric: str = "validation_loss"
    patience: int = 10
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        check_count("EarlyStopping", "patience", self.patience)
        check_range("EarlyStopping", "min_delta", self.min_delta, "[0, 1)")

    def check(self, metrics: Sequence[str]) -> None:
        """Refuse a training that does not report the metric to watch.

        Args:
            metrics: Names of the metrics that its epochs will have.

        Raises:
            ConfigError: If the metric is not among them.
        """
        if self.metric not in metrics:
            raise ConfigError(
                f"EarlyStopping: expected one of the metrics {[*metrics]}, got {self.metric!r}; "
                "choose one or pass validation data"
            )

    def start(self) -> Memory:
        """Return the memory before the first epoch."""
        return {"reference": None, "waited": 0, "best": None}

    def update(
        self, memory: Memory, number: int, metrics: Mapping[str, float], weights: Weights
    ) -> Memory:
        """Return the memory after one more epoch; the old memory is not changed.

        Args:
            memory: Memory from `start` or from the previous epoch.
            number: Number of the epoch.
            metrics: Metrics of the epoch, all finite.
            weights: Weights at its end, kept without copying if they are the best so far.
        """
        value = metrics[self.metric]
        reference, best = memory["reference"], memory["best"]
        improved = reference is None or value < reference * (1 - self.min_delta)
        if best is None or value < best["metrics"][self.metric]:
            kept = weights if self.restore_best else {}
            best = {"epoch": number, "metrics": dict(metrics), "weights": kept}
        return {
            "reference": value if improved else reference,
            "waited": 0 if improved else memory["waited"] + 1,
            "best": best,
        }

    def exhausted(self, memory: Memory) -> bool:
        """Return whether patience has run out."""
        return bool(memory["waited"] >= self.patience)
