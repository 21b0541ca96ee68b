"""Writes learning curves for TensorBoard; needs the extra [tensorboard]."""

from dataclasses import dataclass
from pathlib import Path

from tensorboard.summary import Writer

from sweep.trials.records import TrialRecord


@dataclass(frozen=True)
class TensorBoard:
    """A callback that writes each trial to its own directory, such as FOLDER/STUDY/trial-7.

    Attributes:
        folder: The folder to show with `tensorboard --logdir FOLDER`.
    """

    folder: str | Path

    def __call__(self, study: str, record: TrialRecord) -> None:
        """Write the metrics of every epoch."""
        writer = Writer(str(Path(self.folder, study, f"trial-{record.number}")))
        for epoch in record.epochs:
            for name, value in epoch.metrics.items():
                writer.add_scalar(name, value, epoch.number)
        writer.close()
