import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import Any

import optuna
import pytest

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.driver.progress import Snapshot
from sweep.storage.database import Backend, Database
from sweep.trials.ranking import best_of
from sweep.trials.records import Ending, Failure, TrialRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Output, Progress, SlotLost, Work
from sweep.workers.pool import InlinePool
from sweep.workers.process.kernel import kernel

MakeStudy = Callable[..., sweep.Study]


class UnreliablePool:
    """An inline pool whose process dies instead of answering, as often as `deaths` says."""

    size = 1

    def __init__(
        self, study: sweep.Study, deaths: dict[int, int], *, preempted: bool = False
    ) -> None:
        self._preempted = preempted
        self._inner = InlinePool(study, None, blas_threads=1)
        self._deaths = deaths
        self._trial = -1
        self.begun: list[Work] = []

    @property
    def idle(self) -> list[int]:
        return self._inner.idle

    def worker(self, slot: int) -> Worker:
        return self._inner.worker(slot)

    def kill(self, slot: int) -> None:
        self._inner.kill(slot)

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:
        if work is not None:
            self._trial = work.trial
            self.begun.append(work)
        self._inner.advance(slot, work, pause_at)

    def release(self, slot: int) -> None:
        self._inner.release(slot)

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        if self._deaths.get(self._trial, 0):
            self._deaths[self._trial] -= 1
            self._inner.wait(timeout_s)  # the epochs that were under way are lost
            self.release(0)
            failure = Failure(Ending.LOST, "the process died", "in the middle")
            return [(0, SlotLost(self._trial, failure, self._preempted))]
        return self._inner.wait(timeout_s)

    def take_output(self) -> list[Output]:
        return self._inner.take_output()

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def drive(
    tmp_path: Path, backend: Backend
) -> Callable[..., tuple[list[TrialRecord], UnreliablePool]]:
    """Drives a study with a pool that loses slots; returns what the database holds then."""

    def call(
        study: sweep.Study,
        deaths: dict[int, int] | None = None,
        *,
        preempted: bool = False,
        **limits: Any,
    ) -> tuple[list[TrialRecord], UnreliablePool]:
        with closing(Database(backend, drives=True)) as database:
            table = database.ensure(study.name, minimize=study.sign > 0, attributes={})
            folder = LocalCheckpoints(tmp_path, study.name)
            ledger = open_ledger(study, table, folder)
            driver = Driver(study, ledger, Options(**limits), lambda *_: None)
            with closing(UnreliablePool(study, deaths or {}, preempted=preempted)) as pool:
                driver.run(pool)
            return table.trials(), pool

    return call


def test_every_number_is_there_once_and_complete(make_study: MakeStudy, drive: Any) -> None:
    records, _ = drive(make_study())
    assert [record.number for record in records] == list(range(6))
    assert {record.ending for record in records} == {Ending.COMPLETE}
    assert [len(record.epochs) for record in records] == [4] * 6


def test_what_the_sampler_had_seen_is_on_record(make_study: MakeStudy, drive: Any) -> None:
    records, _ = drive(make_study())
    assert [record.endings_known for record in records] == list(range(6))
    assert [record.ending_number for record in records] == list(range(1, 7))


def test_a_trial_whose_process_died_is_tried_again_under_its_number(
    make_study: MakeStudy, drive: Any
) -> None:
    calm, _ = drive(make_study(name="calm", sampler="random"))
    records, pool = drive(make_study(name="toy", sampler="random"), deaths={2: 2})
    assert [work.trial for work in pool.begun] == [0, 1, 2, 2, 2, 3, 4, 5]
    assert [record.params for record in records] == [record.params for record in calm]
    assert records[2].ending is Ending.COMPLETE
    assert len(records[2].attempts) == 2
    expected = {"reason": "lost", "message": "the process died", "traceback": "in the middle"}
    expected |= {"epoch": 0, "host": socket.gethostname(), "pid": os.getpid(), "blas_threads": 1}
    expected |= {"kernel": asdict(kernel())}
    assert records[2].attempts[0] == expected


def test_a_trial_lost_too_often_is_given_up_and_the_others_go_on(
    make_study: MakeStudy, drive: Any
) -> None:
    records, _ = drive(make_study(), deaths={1: 5}, retries=1)
    assert [record.ending for record in records] == [
        Ending.COMPLETE,
        Ending.LOST,
        *[Ending.COMPLETE] * 4,
    ]
    assert records[1].failure is not None
    assert records[1].failure.message == "the process died"


def test_an_interrupted_trial_says_so_and_that_costs_no_retry(
    make_study: MakeStudy, drive: Any
) -> None:
    study = make_study(pruner=sweep.Median(warmup_epochs=0, min_trials=99))

    def interrupted(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in study.train(*arguments):
            yield epoch
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            drive(make_study(pruner=study.pruner, train=interrupted), retries=0)
    records, _ = drive(study, retries=0)
    assert {record.ending for record in records} == {Ending.COMPLETE}
    attempts = [(a["reason"], a["message"], a["epoch"]) for a in records[0].attempts]
    assert attempts == [("interrupted", "the driver ended", 1)] * 3
    assert records[0].attempts[0].keys() >= {"host", "pid"}


def test_a_trial_that_takes_too_long_is_ended_for_good(make_study: MakeStudy, drive: Any) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        for _epoch in range(3):
            time.sleep(1.2 if config["k"] == 2 else 0)
            yield {"loss": 1.0}

    def space(trial: sweep.Trial) -> dict[str, int]:
        return {"k": trial.suggest_int("k", 1, 3)}

    pruner = sweep.Median(warmup_epochs=0, min_trials=99)
    study = make_study(train=train, space=space, sampler="grid", pruner=pruner)
    records, _ = drive(study, trial_timeout=2.0)
    ended = {record.params["k"]: record for record in records}
    endings = [ended[k].ending for k in (1, 2, 3)]
    assert endings == [Ending.COMPLETE, Ending.TIMEOUT, Ending.COMPLETE]
    assert ended[2].failure is not None
    assert ended[2].failure.message == "took longer than 2 s, 2 epochs done"
    assert ended[2].score is None


def test_a_training_out_of_memory_is_ended_for_good(make_study: MakeStudy, drive: Any) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        if config["k"] == 2:
            raise MemoryError("unable to allocate 3 TiB")

    records, _ = drive(make_study(train=train))
    by_memory = [record for record in records if record.ending is Ending.OOM]
    assert by_memory
    assert {record.params["k"] for record in by_memory} == {2}
    assert by_memory[0].failure is not None
    assert by_memory[0].failure.message == "MemoryError: unable to allocate 3 TiB"


def test_the_same_error_three_times_in_a_row_stops_the_sweep_and_is_shown_once(
    make_study: MakeStudy, drive: Any
) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise RuntimeError("broken")

    message = (
        r"the same error in 3 trials in a row, so the run was stopped: RuntimeError: broken"
        r"\. Fix the study and run again with --accept-changes, or start over with --name\n"
    )
    with pytest.raises(sweep.StudyError, match=message) as raised:
        drive(make_study(train=train))
    assert str(raised.value).count('raise RuntimeError("broken")') == 1
    assert re.findall(r'File ".*/(.*)"', str(raised.value)) == ["test_loop.py"]
    records, _ = drive(make_study())  # fixed
    assert [record.ending for record in records] == [*[Ending.ERROR] * 3, *[Ending.COMPLETE] * 3]


@pytest.mark.parametrize(
    "text", [lambda _: f"bad {object()}", lambda x: f"bad x={x}", lambda x: f"bad {x * 1e-9:e}"]
)
def test_errors_that_differ_only_in_numbers_or_addresses_stop_the_sweep(
    make_study: MakeStudy, drive: Any, text: Callable[[float], str]
) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise ValueError(text(config["x"]))

    with pytest.raises(sweep.StudyError, match="the same error in 3 trials in a row"):
        drive(make_study(train=train))


@pytest.mark.parametrize("differ_by", ["type", "message", "place", "a success between"])
def test_errors_that_differ_do_not_stop_the_sweep(
    make_study: MakeStudy, drive: Any, differ_by: str
) -> None:
    calls = 0

    def train(*_: object) -> Iterator[dict[str, float]]:
        nonlocal calls
        calls += 1
        yield {"loss": 1.0}
        if differ_by == "type":
            raise (ValueError, TypeError)[calls % 2]("broken")
        if differ_by == "message":
            raise ValueError(("broken", "wrong")[calls % 2])
        if differ_by == "place" and calls % 2:
            raise ValueError("broken")
        if differ_by == "a success between" and calls % 3 == 0:
            return
        raise ValueError("broken")

    records, _ = drive(make_study(train=train))
    n_errors = 4 if differ_by == "a success between" else 6
    assert [record.ending for record in records].count(Ending.ERROR) == n_errors


def test_errors_with_successes_between_do_not_stop_it(make_study: MakeStudy, drive: Any) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        if config["k"] == 1:
            raise RuntimeError("only here")
        yield {"loss": 1.0}

    def space(trial: sweep.Trial) -> dict[str, int]:
        return {"k": trial.suggest_categorical("k", (0, 1, 2, 3))}

    records, _ = drive(make_study(train=train, space=space, sampler="grid", trials=4))
    failures = {record.params["k"]: record.failure for record in records if record.failure}
    assert [*failures] == [1]
    assert failures[1].ending is Ending.ERROR
    assert "only here" in failures[1].traceback


def test_a_complaint_stops_the_sweep(make_study: MakeStudy, drive: Any) -> None:
    with pytest.raises(sweep.StudyError, match="expected at least one epoch"):
        drive(make_study(train=lambda *_: iter(())))


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([{"loss": None}], "expected metrics to be numbers, got {'loss': None}"),
        ([{"loss": [1.0, 2.0]}], "expected metrics to be numbers, got {'loss': \\[1.0, 2.0\\]}"),
        ([{"lss": 1.0}], "expected the metric 'loss' in every epoch"),
        ([2.0], "expected each epoch to be a sweep.Epoch"),
        ([], "expected at least one epoch, got none"),
    ],
)
def test_a_mistake_in_one_configuration_is_its_trials_failure_and_in_the_first_the_studys(
    make_study: MakeStudy, drive: Any, epochs: list[Any], message: str
) -> None:
    def space(trial: sweep.Trial) -> dict[str, int]:
        return {"k": trial.suggest_categorical("k", (0, 1, 2, 3))}

    def train(config: dict[str, Any], *_: object) -> Iterator[Any]:
        yield from epochs if config["k"] == wrong else [{"loss": 1.0}]

    study = make_study(train=train, space=space, sampler="grid", trials=4)
    wrong = 2  # in the middle, where a grid begins
    with pytest.raises(sweep.StudyError, match=rf"{message}.* \(trial 0: {{'k': 2}}\)"):
        drive(study)
    wrong = 0
    records, _ = drive(replace(study, name="later"))
    failures = {record.params["k"]: record.failure for record in records if record.failure}
    assert [*failures] == [0]
    assert re.search(message, failures[0].message)
    assert all(record.has_ended for record in records)


def test_a_state_that_cannot_be_kept_is_the_failure_of_its_trial(
    make_study: MakeStudy, drive: Any
) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[sweep.Epoch]:
        yield sweep.Epoch({"loss": 1.0}, {"lock": Lock() if config["k"] == 2 else None})

    first = tuple({"x": 0.5, "k": k} for k in (1, 2, 3, 2))
    records, _ = drive(make_study(train=train, first=first, duplicates="rerun"))
    assert [records[number].ending for number in range(4)] == [
        Ending.COMPLETE, Ending.ERROR, Ending.COMPLETE, Ending.ERROR,
    ]  # fmt: skip
    assert "arrays and JSON values, got lock at state/lock" in records[1].failure.message


def test_a_training_that_raises_trial_pruned_is_pruned_and_never_stops_the_sweep(
    make_study: MakeStudy, drive: Any
) -> None:
    class OurPruned(optuna.TrialPruned):
        pass

    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        if config["k"] == 1:
            raise OurPruned("no such network")
        yield {"loss": 1.0}
        if config["k"] == 2:
            raise optuna.TrialPruned

    records, _ = drive(make_study(train=train, trials=30))
    endings = {(r.params["k"], r.ending, len(r.epochs), r.failure) for r in records}
    assert endings == {
        (1, Ending.PRUNED, 0, None),
        (2, Ending.PRUNED, 1, None),
        (3, Ending.COMPLETE, 1, None),
    }


def test_a_mistake_after_right_epochs_keeps_them(make_study: MakeStudy, drive: Any) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[Any]:
        yield {"loss": 1.0}
        yield {"loss": None if config["k"] == 2 else 0.5}

    records, _ = drive(make_study(train=train, first=({"x": 0.5, "k": 2},)))
    assert (records[0].ending, len(records[0].epochs)) == (Ending.ERROR, 1)
    assert Ending.COMPLETE in [record.ending for record in records]


def test_diverged_trials_have_no_score_and_are_never_best(
    make_study: MakeStudy, drive: Any
) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": -5.0}
        yield {"loss": float("nan") if config["k"] == 1 else 1.0}

    records, _ = drive(make_study(train=train, trials=12))
    diverged = [record for record in records if record.ending is Ending.DIVERGED]
    assert diverged
    assert all(record.score is None and record.params["k"] == 1 for record in diverged)
    best = best_of(1, records)
    assert best is not None
    assert best.score == 1.0


def test_the_score_is_the_last_epochs_unless_the_study_says_best(
    make_study: MakeStudy, drive: Any
) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield from ({"loss": value} for value in (3.0, 1.0, 2.0))

    assert drive(make_study(train=train, name="last"))[0][0].score == 2.0
    assert drive(make_study(train=train, name="best", score="best"))[0][0].score == 1.0


def test_pruned_trials_stop_at_the_rung_and_the_best_so_far_never_does(
    make_study: MakeStudy, drive: Any
) -> None:
    pruner = sweep.Asha(min_epochs=2, factor=2, max_epochs=4, resume=False)
    records, _ = drive(make_study(pruner=pruner, trials=20, sampler="random"))
    pruned = [record for record in records if record.ending is Ending.PRUNED]
    assert len(pruned) >= 5
    assert {len(record.epochs) for record in pruned} == {2}
    best_at_rung = min(records, key=lambda record: record.curve("loss")[1])
    assert best_at_rung.ending is Ending.COMPLETE


def test_a_trial_without_a_further_epoch_is_complete_whatever_the_pruner(
    make_study: MakeStudy, drive: Any
) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        for epoch in range(3 if config["k"] == 1 else 4):
            yield {"loss": config["x"] if epoch == 2 else 10.0}

    records, _ = drive(make_study(train=train, pruner=sweep.Median(0, 2), trials=30))
    short = [record for record in records if record.params["k"] == 1]
    assert len(short) > 5
    assert {record.ending for record in short} == {Ending.COMPLETE}
    pruned = [record for record in records if record.ending is Ending.PRUNED]
    # Some are asked for one epoch more, to see whether they are over.
    assert {len(record.epochs) for record in pruned} <= {3, 4}


def test_a_curve_is_that_of_one_training_after_an_interruption(
    make_study: MakeStudy, drive: Any
) -> None:
    pieces: list[int] = []

    def train(*_: object) -> Iterator[dict[str, float]]:
        pieces.append(len(pieces))
        for epoch in range(5):
            if len(pieces) == 1 and epoch == 3:
                raise KeyboardInterrupt
            yield {"loss": 10.0 * pieces[-1] + epoch}

    pruner = sweep.Median(warmup_epochs=0, min_trials=99)  # so that every epoch is sent at once
    study = make_study(train=train, trials=1, pruner=pruner)
    with pytest.raises(KeyboardInterrupt):
        drive(study)
    records, _ = drive(study)
    assert records[0].curve("loss") == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert records[0].attempts[0]["message"] == (
        "the driver ended; trained again with other results, so its epochs from 1 on were dropped"
    )


@pytest.mark.parametrize(("n_again", "changes"), [(7, False), (3, False), (7, True)])
def test_what_an_interrupted_training_had_more_is_dropped(
    make_study: MakeStudy, drive: Any, n_again: int, *, changes: bool
) -> None:
    begun: list[int] = []

    def train(*_: object) -> Iterator[dict[str, float]]:
        begun.append(len(begun))
        for epoch in range(10 if begun[-1] == 0 else n_again):
            yield {"loss": epoch + (begun[-1] if changes and epoch > 1 else 0.0)}
        if begun[-1] == 0:
            raise KeyboardInterrupt

    pruner = sweep.Median(warmup_epochs=0, min_trials=99)  # so that every epoch is sent at once
    study = make_study(train=train, trials=1, pruner=pruner)
    with pytest.raises(KeyboardInterrupt):
        drive(study)
    records, _ = drive(study)
    last = n_again - 1.0 + changes
    assert (len(records[0].epochs), records[0].curve("loss")[-1]) == (n_again, last)
    assert records[0].score == last
    since = 3 if changes else n_again + 1
    assert f"its epochs from {since} on were dropped" in records[0].attempts[0]["message"]


def test_only_the_best_trials_checkpoint_is_kept(
    make_study: MakeStudy, drive: Any, tmp_path: Path
) -> None:
    records, _ = drive(make_study())
    best = best_of(1, records)
    assert best is not None
    kept = [path.name for path in tmp_path.glob("*.safetensors")]
    assert kept == [f"toy-{best.number:05d}.safetensors"]


def test_every_complete_trials_checkpoint_is_kept_if_the_study_says_so(
    make_study: MakeStudy, drive: Any, tmp_path: Path
) -> None:
    study = make_study(keep="all", pruner=sweep.Asha(min_epochs=2, factor=2, max_epochs=4))
    records, _ = drive(study)
    complete = [record.number for record in records if record.ending is Ending.COMPLETE]
    assert 1 < len(complete) < len(records)
    kept = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert kept == [f"toy-{number:05d}.safetensors" for number in complete]


def test_grid_sampling_ends_with_the_grid(make_study: MakeStudy, drive: Any) -> None:
    def space(trial: sweep.Trial) -> dict[str, Any]:
        return {"k": trial.suggest_int("k", 1, 3), "x": trial.suggest_categorical("x", (0.5, 1))}

    records, _ = drive(make_study(space=space, sampler="grid", trials=100))
    assert sorted((r.params["k"], r.params["x"]) for r in records) == [
        (k, x) for k in (1, 2, 3) for x in (0.5, 1)
    ]


def test_no_trial_is_begun_when_the_hours_are_over(make_study: MakeStudy, drive: Any) -> None:
    records, _ = drive(make_study(), hours=1e-300)
    assert records == []


def test_the_best_of_equals_is_the_first(make_study: MakeStudy, drive: Any) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"gain": 1.0}

    records, _ = drive(make_study(train=train, minimize=None, maximize="gain"))
    best = best_of(-1, records)
    assert best is records[0]
    assert best_of(1, []) is None


def test_observers_hear_of_every_trial_that_ended(make_study: MakeStudy, tmp_path: Path) -> None:
    ended: list[int] = []

    def observe(snapshot: Snapshot, record: TrialRecord | None) -> None:
        assert snapshot.n_trials == 6
        if record is not None:
            ended.append(record.number)

    options = sweep.Options(runs=tmp_path, pool="inline")
    sweep.run(make_study(), options, observe)
    assert ended == list(range(6))


def test_a_node_that_is_taken_away_costs_no_retry(make_study: MakeStudy, drive: Any) -> None:
    records, _ = drive(make_study(), deaths={2: 3}, preempted=True, retries=0)
    assert [attempt["reason"] for attempt in records[2].attempts] == ["preempted"] * 3
    assert records[2].ending is Ending.COMPLETE
