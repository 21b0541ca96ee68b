"""Records: plain data that adds itself up, and travels between processes."""

import pickle
from dataclasses import replace

from sweep.trials.domains import Int
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Progress, Work

RECORD = TrialRecord(
    number=3,
    params={"x": 1},
    domains={"x": Int(0, 2)},
    config={"x": 1},
    seed=5,
    endings_known=2,
    epochs=[
        EpochRecord(1, {"loss": 0.5, "accuracy": 0.25}, 1.5, 1.25),
        EpochRecord(2, {"accuracy": 0.5}, 2.0, 1.75),
        EpochRecord(3, {"loss": 0.25, "accuracy": 0.75}, 0.5, 0.5),
    ],
)


def test_a_curve_is_the_metric_of_the_epochs_that_have_it():
    assert RECORD.curve("accuracy") == [0.25, 0.5, 0.75]
    assert RECORD.curve("loss") == [0.5, 0.25]
    assert RECORD.curve("unknown") == []


def test_a_trial_is_shown_in_a_line_however_long_it_trained():
    assert repr(RECORD) == "TrialRecord(3, running, 3 epochs, {'x': 1})"
    done = replace(RECORD, ending=Ending.COMPLETE, score=0.25)
    assert repr(done) == "TrialRecord(3, complete, score=0.25, 3 epochs, {'x': 1})"


def test_the_time_of_a_trial_is_that_of_its_epochs():
    assert (RECORD.seconds, RECORD.cpu_seconds) == (4.0, 3.5)


def test_a_new_record_is_running_and_has_nothing_yet():
    record = TrialRecord(number=0, params={}, domains={}, config={}, seed=0, endings_known=0)
    assert record.ending is Ending.RUNNING
    assert (record.ending_number, record.score, record.epochs, record.attempts) == (0, None, [], [])
    assert (record.seconds, record.cpu_seconds) == (0, 0)


def test_what_crosses_processes_arrives_as_it_was():
    failure = Failure(Ending.ERROR, "ValueError: no", "Traceback ...")
    for record in (
        RECORD,
        Work(3, RECORD.params, 5, b"checkpoint"),
        Progress(3, 3, tuple(RECORD.epochs), b"checkpoint", 3, finished=True, failure=failure),
        Worker("node", 7, 1),
    ):
        assert pickle.loads(pickle.dumps(record)) == record
