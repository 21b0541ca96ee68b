"""Which trials a model of all learning curves lets continue."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.trials.records import Ending, TrialRecord
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]
N_EPOCHS = 8


def bowl(config: dict[str, Any], _data: Any, _seed: int, state: Any) -> Iterator[sweep.Epoch]:
    """Eight epochs, whose loss falls towards the square of x."""
    for epoch in range(state["epoch"] if state else 0, N_EPOCHS):
        yield sweep.Epoch({"loss": config["x"] ** 2 + 1 / (epoch + 1)}, {"epoch": epoch + 1})


def space(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1)}


def distance(record: TrialRecord) -> float:
    return abs(float(record.params["x"] or 0.0))


@pytest.fixture(params=["gp", "random"])
def records(
    make_study: MakeStudy, tmp_path: Path, request: pytest.FixtureRequest
) -> list[TrialRecord]:
    pruner = sweep.FreezeThaw(max_epochs=N_EPOCHS)
    study = make_study(
        train=bowl, space=space, pruner=pruner, trials=30, sampler=request.param, first=()
    )
    return drive(study, tmp_path, slots=1, order=0)


def test_the_good_trials_are_complete_and_the_bad_ones_are_paused_early(
    records: list[TrialRecord],
) -> None:
    best = min(records, key=distance)
    assert best.ending is Ending.COMPLETE
    bad = [record for record in records if distance(record) > 0.5]
    assert {record.ending for record in bad} == {Ending.PRUNED}
    assert {pause.epoch for record in records for pause in record.pauses} <= {1, 2, 4}


def test_five_trials_begin_then_the_best_one_is_trained_to_its_end(
    records: list[TrialRecord],
) -> None:
    assert [record.jobs[0] for record in records[:5]] == [1, 2, 3, 4, 5]
    best = min(records[:5], key=distance)
    assert best.jobs[1:] == [6, 7, 8]
    assert best.ending is Ending.COMPLETE


def test_trials_that_fail_do_not_stop_the_others(make_study: MakeStudy, tmp_path: Path) -> None:
    def fails(config: dict[str, Any], data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        if config["x"] > 0.5:
            raise ValueError("too large")
        for epoch in bowl(config, data, seed, state):
            is_bad = config["x"] < -0.5 and state is None
            yield sweep.Epoch({"loss": float("nan")}) if is_bad else epoch

    pruner = sweep.FreezeThaw(max_epochs=N_EPOCHS)
    study = make_study(train=fails, space=space, pruner=pruner, trials=20, sampler="qmc", first=())
    records = drive(study, tmp_path, slots=2, order=0)
    endings = {record.ending for record in records}
    assert endings == {Ending.COMPLETE, Ending.PRUNED, Ending.DIVERGED, Ending.ERROR}


def test_several_objectives_are_refused(make_study: MakeStudy) -> None:
    with pytest.raises(sweep.StudyError, match=r"objective"):
        make_study(minimize=("loss", "size"), pruner=sweep.FreezeThaw(max_epochs=9))
