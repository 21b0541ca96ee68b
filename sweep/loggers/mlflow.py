"""This file logs trials to MLflow, each as a run of its own; extra [mlflow]."""

import time
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from sweep.trials.records import Ending, TrialRecord

STATUS = {Ending.COMPLETE: "FINISHED", Ending.PRUNED: "KILLED"}


AT_A_TIME = 900
"""MLflow takes up to 1,000 metrics in one call."""


@dataclass(frozen=True)
class MLflow:
    """Logs to an experiment of the study's name.

    Attributes:
        tracking_uri: As sqlite:///mlflow.db, or http://localhost:5000.
    """

    tracking_uri: str

    def __call__(self, study: str, record: TrialRecord) -> None:
        """Logs parameters, every metric after every epoch, the score, and how the trial ended."""
        client = MlflowClient(self.tracking_uri)
        known = client.get_experiment_by_name(study)
        experiment = known.experiment_id if known else client.create_experiment(study)
        run = client.create_run(experiment, run_name=f"trial {record.number}").info.run_id
        client.log_batch(
            run,
            params=[Param(name, str(value)) for name, value in record.params.items()],
            tags=[RunTag("ending", record.ending.value), RunTag("seed", str(record.seed))],
        )
        metrics = _metrics(record)
        for start in range(0, len(metrics), AT_A_TIME):
            client.log_batch(run, metrics=metrics[start : start + AT_A_TIME])
        client.set_terminated(run, STATUS.get(record.ending, "FAILED"))


def _metrics(record: TrialRecord) -> list[Metric]:
    now = round(1000 * time.time())
    values = [
        Metric(name, value, now, epoch.number)
        for epoch in record.epochs
        for name, value in epoch.metrics.items()
    ]
    scores = [] if record.score is None else [Metric("score", record.score, now, 0)]
    return values + scores
