"""This file writes the curves of trials as TensorBoard reads them; extra [tensorboard]."""

from dataclasses import dataclass
from pathlib import Path

from tensorboard.summary import Writer

from sweep.trials.records import TrialRecord


@dataclass(frozen=True)
class TensorBoard:
    """Writes each trial into a directory of its own, FOLDER/STUDY/trial-7.

    Attributes:
        folder: For `tensorboard --logdir FOLDER`.
    """

    folder: str | Path

    def __call__(self, study: str, record: TrialRecord) -> None:
        """Writes every metric after every epoch."""
        writer = Writer(str(Path(self.folder, study, f"trial-{record.number}")))
        for epoch in record.epochs:
            for name, value in epoch.metrics.items():
                writer.add_scalar(name, value, epoch.number)
        writer.close()
