"""Logs trials to MLflow, one MLflow run per trial; needs the extra [mlflow]."""

import time
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from sweep.trials.records import Ending, TrialRecord

STATUS = {Ending.COMPLETE: "FINISHED", Ending.PRUNED: "KILLED"}

AT_A_TIME = 900
"""Metrics per call; MLflow accepts up to 1,000."""


@dataclass(frozen=True)
class MLflow:
    """A callback that logs to the MLflow experiment with the study's name.

    Attributes:
        tracking_uri: Where MLflow keeps its data, such as sqlite:///mlflow.db or
            http://localhost:5000.
    """

    tracking_uri: str

    def __call__(self, study: str, record: TrialRecord) -> None:
        """Log a trial: parameters, seed, metrics of every epoch, score and ending."""
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
