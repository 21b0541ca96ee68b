import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, ClassVar

import pytest
from threadpoolctl import threadpool_info

import sweep
from sweep.checkpoints.format import decode
from sweep.trials.records import Ending
from sweep.workers.messages import Progress, Work
from sweep.workers.pool import InlinePool
from sweep.workers.session import Session

PARAMS: dict[str, Any] = {"x": 0.5, "k": 2}

MakeStudy = Callable[..., sweep.Study]


def advance(study: sweep.Study, work: Work | None = None) -> Progress:
    with closing(Session(study, None, blas_threads=1)) as session:
        return session.advance(work or Work(0, PARAMS, seed=3))


def test_short_epochs_are_reported_together_until_the_end(make_study: MakeStudy) -> None:
    progress = advance(make_study())
    assert [epoch.number for epoch in progress.epochs] == [1, 2, 3, 4]
    assert progress.finished
    assert progress.failure is None


def test_long_epochs_are_reported_one_by_one(make_study: MakeStudy) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        for _epoch in range(2):
            time.sleep(1.05)
            yield {"loss": 1.0}

    with closing(Session(make_study(train=train), None, blas_threads=1)) as session:
        first = session.advance(Work(0, PARAMS, seed=3))
        second = session.advance(None)
    assert [len(first.epochs), len(second.epochs)] == [1, 1]
    assert first.epochs[0].seconds >= 1.0
    assert not first.finished


def test_training_pauses_where_the_pruner_decides_and_continues_from_there(
    make_study: MakeStudy,
) -> None:
    study = make_study(pruner=sweep.Asha(min_epochs=1, factor=2))
    with closing(Session(study, None, blas_threads=1)) as session:
        answers = [session.advance(Work(0, PARAMS, seed=3))]
        while not answers[-1].finished:
            answers.append(session.advance(None))
    assert [[e.number for e in answer.epochs] for answer in answers] == [[1], [2], [3, 4], []]


def test_training_pauses_at_an_epoch_that_the_driver_names(make_study: MakeStudy) -> None:
    with closing(Session(make_study(), None, blas_threads=1)) as session:
        answers = [session.advance(Work(0, PARAMS, seed=3), 2), session.advance(None, 3)]
        answers.append(session.advance(None))
    assert [[e.number for e in answer.epochs] for answer in answers] == [[1, 2], [3], [4]]


def test_no_epoch_is_trained_past_a_decision(make_study: MakeStudy) -> None:
    trained: list[int] = []

    def train(*_: object) -> Iterator[dict[str, float]]:
        for epoch in range(5):
            trained.append(epoch)
            yield {"loss": 1.0}

    advance(make_study(train=train, pruner=sweep.Asha(min_epochs=2, factor=2)))
    assert trained == [0, 1]


def test_the_last_state_comes_as_a_checkpoint(make_study: MakeStudy) -> None:
    checkpoint = advance(make_study()).checkpoint
    assert checkpoint is not None
    assert decode(checkpoint).epoch == 4
    assert decode(checkpoint).state["epoch"] == 4


def test_a_checkpoint_continues_the_same_training(make_study: MakeStudy) -> None:
    whole = advance(make_study())
    with closing(Session(make_study(), None, blas_threads=1)) as session:
        half = session.advance(Work(0, PARAMS, seed=3), pause_at=2)
        checkpoint = half.checkpoint
    rest = advance(make_study(), Work(0, PARAMS, seed=3, checkpoint=checkpoint))
    joined = [*half.epochs, *rest.epochs]
    assert [e.metrics for e in joined] == [e.metrics for e in whole.epochs]
    assert [e.number for e in joined] == [1, 2, 3, 4]


def test_a_checkpoint_of_the_last_epoch_finishes_at_once(make_study: MakeStudy) -> None:
    checkpoint = advance(make_study()).checkpoint
    progress = advance(make_study(), Work(0, PARAMS, seed=3, checkpoint=checkpoint))
    assert progress.epochs == ()
    assert progress.finished
    assert progress.failure is None


def test_an_exception_becomes_a_failure_with_the_users_lines_only(make_study: MakeStudy) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise ValueError("boom")

    progress = advance(make_study(train=train))
    assert len(progress.epochs) == 1
    assert progress.failure is not None
    assert progress.failure.ending is Ending.ERROR
    assert progress.failure.message == "ValueError: boom"
    assert "test_session.py" in progress.failure.traceback
    assert "sweep/worker.py" not in progress.failure.traceback


def test_an_exception_before_the_first_epoch_is_a_failure_too(make_study: MakeStudy) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        raise KeyError("early")

    failure = advance(make_study(train=train)).failure
    assert failure is not None
    assert failure.message == "KeyError: 'early'"


@pytest.mark.parametrize("end", ["next trial", "close", "diverged", "no number"])
def test_finally_blocks_run_once_a_training_has_ended(make_study: MakeStudy, end: str) -> None:
    ended: list[int] = []
    last = {"diverged": float("nan"), "no number": None}.get(end, 1.0)

    def train(_config: object, _data: object, seed: int, _state: object) -> Iterator[Any]:
        try:
            yield {"loss": 1.0}
            yield {"loss": last}
            yield {"loss": 1.0}
        finally:
            ended.append(seed)
            raise ValueError("lost")

    study = make_study(train=train, pruner=sweep.Asha(min_epochs=2, factor=2))
    session = Session(study, None, blas_threads=1)
    session.advance(Work(0, PARAMS, seed=3))
    assert ended == ([3] if end in ("diverged", "no number") else [])
    if end == "next trial":
        session.advance(Work(1, PARAMS, seed=4))
        assert ended == [3]
    session.close()
    assert ended == ([3, 4] if end == "next trial" else [3])


def test_a_slot_of_this_process_runs_them_as_soon_as_it_is_released(
    make_study: MakeStudy,
) -> None:
    ended: list[str] = []

    def train(*_: object) -> Iterator[dict[str, float]]:
        try:
            while True:
                yield {"loss": 1.0}
        finally:
            ended.append("once")

    with closing(InlinePool(make_study(train=train, pruner=sweep.Median()), None, 1)) as pool:
        pool.advance(0, Work(0, PARAMS, seed=3))
        pool.wait(0)
        assert ended == []
        pool.release(0)
        assert ended == ["once"]


class TextlessError(Exception):
    def __str__(self) -> str:
        return "code %d" % "E17"  # type: ignore[str-format]  # noqa: UP031 - the mistake


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TextlessError(), r"TextlessError: \(its text cannot be shown: its __str__ raises\)"),
        (asyncio.CancelledError(), "CancelledError"),
        (GeneratorExit("odd"), "GeneratorExit: odd"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("no file caf\udce9"), r"ValueError: no file caf\\udce9"),
    ],
)
def test_whatever_train_raises_is_the_trials_failure(
    make_study: MakeStudy, error: BaseException, message: str
) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise error

    failure = advance(make_study(train=train)).failure
    assert failure is not None
    assert failure.ending is Ending.ERROR
    assert re.fullmatch(message, failure.message)
    assert failure.traceback


class NoWords:
    def __repr__(self) -> str:
        raise ValueError("nothing to show")


class NoState:
    metrics: ClassVar = {"loss": 1.0}

    @property
    def state(self) -> object:
        raise OSError("the state is elsewhere")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (NoWords(), "dict of metrics, got a value of type NoWords; yield"),
        ({"loss": NoWords()}, "to be numbers, got a value of type dict"),
        ("x" * 10**6, r"of metrics, got 'x{76}\.\.\.; yield"),
        ("\udce9", r"of metrics, got '\\+udce9'; yield"),
        (NoState(), "OSError: the state is elsewhere"),
        (sweep.Epoch({"loss": 1.0}, {"lock": NoWords()}), "got NoWords at state/lock; turn it"),
    ],
)
def test_an_odd_epoch_is_the_trials_failure_and_says_what_it_was(
    make_study: MakeStudy, item: object, message: str
) -> None:
    def train(*_: object) -> Iterator[object]:
        yield {"loss": 1.0}
        yield item

    progress = advance(make_study(train=train))
    assert progress.failure is not None
    assert progress.failure.ending is Ending.ERROR
    assert re.search(message, progress.failure.message)
    assert len(progress.epochs) == 1


def test_an_interruption_ends_this_process_but_is_a_failure_where_ctrl_c_is_not_ours(
    make_study: MakeStudy,
) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        advance(make_study(train=train))
    with closing(Session(make_study(train=train), None, blas_threads=1)) as session:
        session.interrupts = ()  # as in the process of a Ray slot
        failure = session.advance(Work(0, PARAMS, seed=3)).failure
    assert failure is not None
    assert failure.message == "KeyboardInterrupt"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_metric_that_is_not_finite_is_divergence(make_study: MakeStudy, value: float) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0, "other": 2.0}
        yield {"loss": value, "other": 2.0}
        raise AssertionError("a diverged training must not go on")

    progress = advance(make_study(train=train))
    assert progress.failure is not None
    assert progress.failure.ending is Ending.DIVERGED
    assert progress.failure.message == f"loss is {value} after epoch 2"
    assert progress.epochs[1].metrics == {"other": 2.0}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"lss": 1.0}, r"expected the metric 'loss' in every epoch, got \['lss'\]"),
        ({"loss": "high"}, "expected metrics to be numbers, got"),
        ({"loss": 10**400}, "expected metrics to be numbers, got .*too large"),
        ({"loss": None}, "expected metrics to be numbers, got"),
        (3.0, "expected each epoch to be a sweep.Epoch or a dict of metrics, got 3.0"),
        (sweep.Epoch({"loss": 1.0}, {"f": print}), "expected a state of arrays and JSON values"),
    ],
)
def test_an_epoch_that_breaks_the_contract_is_a_complaint(
    make_study: MakeStudy, item: object, complaint: str
) -> None:
    def train(*_: object) -> Iterator[object]:
        yield item

    with pytest.raises(sweep.StudyError, match=complaint):
        raise sweep.StudyError(advance(make_study(train=train)).complaint)


def test_a_training_without_epochs_is_a_complaint(make_study: MakeStudy) -> None:
    complaint = advance(make_study(train=lambda *_: iter(()))).complaint
    assert complaint == "train: expected at least one epoch, got none; yield one"


def test_a_training_that_returns_no_generator_is_a_complaint(make_study: MakeStudy) -> None:
    complaint = advance(make_study(train=lambda *_: None)).complaint
    assert complaint == "train: expected a generator of epochs, got None; yield them"


def test_blas_uses_the_slots_cores_and_is_restored(make_study: MakeStudy) -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with closing(Session(make_study(), None, blas_threads=1)) as session:
        assert set(threads()) == {1}
        assert session.worker().blas_threads == 1
    assert threads() == before
