"""Functions that a study has called with each trial that ends."""

import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import sweep
from sweep.loggers.mlflow import MLflow
from sweep.loggers.tensorboard import TensorBoard


def test_each_trial_that_ends_is_told_once_the_final_one_too(make_study, inline) -> None:
    told = []

    def note(study: str, record: sweep.TrialRecord) -> None:
        told.append((study, record.number, record.ending.value))

    final = sweep.Final(
        data=lambda: None, test=lambda: None, evaluate=lambda *_: {}, minimize="loss"
    )
    study = make_study(callbacks=(note,), final=final)
    run = inline(study)
    expected = [("toy", r.number, r.ending.value) for r in run.records]
    assert sorted(told) == [*expected, ("toy-final", 0, "complete")]
    inline(study)
    assert len(told) == len(expected) + 1


def test_one_that_fails_is_reported_and_the_run_goes_on(make_study, inline) -> None:
    def broken(study: str, record: sweep.TrialRecord) -> None:
        raise OSError("no such server, caf\udce9")

    run = inline(make_study(callbacks=(broken,)))
    assert len(run.records) == 6
    log = (run.directory.logs / "run.log").read_text("utf-8")
    assert log.count(r"callback broken: OSError: no such server, caf\udce9") == 6


def test_what_is_no_function_is_refused(make_study) -> None:
    with pytest.raises(sweep.StudyError, match="callbacks to be functions"):
        make_study(callbacks=("print",))


def test_tensorboard_reads_the_curves(make_study, inline, tmp_path) -> None:
    run = inline(make_study(callbacks=(TensorBoard(tmp_path / "logs"),)))
    for record in run.records:
        events = EventAccumulator(str(tmp_path / "logs" / "toy" / f"trial-{record.number}"))
        events.Reload()
        points = [(event.step, event.tensor_proto.float_val[0]) for event in events.Tensors("loss")]
        assert points == [
            (epoch.number, pytest.approx(epoch.metrics["loss"])) for epoch in record.epochs
        ]


@pytest.mark.filterwarnings("ignore:.*noload")  # MLflow's, of SQLAlchemy
def test_mlflow_has_a_run_per_trial(make_study, inline, tmp_path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run = inline(make_study(callbacks=(MLflow(uri),)))
    client = MlflowClient(uri)
    logged = client.search_runs([client.get_experiment_by_name("toy").experiment_id])
    assert {one.info.run_name for one in logged} == {f"trial {r.number}" for r in run.records}
    for one in logged:
        record = run.records[int(one.info.run_name.removeprefix("trial "))]
        assert one.info.status == "FINISHED"
        assert one.data.params == {name: str(value) for name, value in record.params.items()}
        assert one.data.metrics["score"] == record.score
        history = client.get_metric_history(one.info.run_id, "loss")
        assert [point.value for point in history] == record.curve("loss")
