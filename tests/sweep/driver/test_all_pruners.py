"""Every pruner gives one table, on any number of slots and whatever dies."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from optuna.study import Study as OptunaStudy
from optuna.trial import FrozenTrial

import sweep
from sweep.driver.order.objective_ranks import values_after
from sweep.trials.front import ranks
from sweep.trials.records import Ending, TrialRecord
from tests.sweep.driver.shuffled import check_one_table, drive

MakeStudy = Callable[..., sweep.Study]


class EveryThird(BasePruner):
    """Keeps a note of its own: how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def prune(self, study: OptunaStudy, trial: FrozenTrial) -> bool:
        others = study.get_trials(deepcopy=False)
        assert {other.number for other in others} >= {trial.number}
        return trial.last_step == 2 and trial.number % 3 == 0


def few_epochs(config: dict[str, Any], _data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
    """Four epochs, each with a loss that the parameters and the seed decide."""
    for epoch in range(state["epoch"] if state else 0, 4):
        noise = (seed * (epoch + 1) % 97) / 970
        metrics = {"loss": abs(config["x"]) / (epoch + 1) + noise, "size": config["k"]}
        yield sweep.Epoch(metrics, {"epoch": epoch + 1})


TWO = {"minimize": "loss", "maximize": "size"}
FOLDS = {"score": "mean"}
REPEATS = {"repeats": 5}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "asha": (sweep.Asha(factor=2, max_epochs=4), {}),
    "asha without max_epochs": (sweep.Asha(factor=2), {}),
    "asha stops": (sweep.Asha(factor=2, max_epochs=4, resume=False), {}),
    "asha with repeats": (sweep.Asha(factor=2, max_epochs=4), {"repeats": 2}),
    "hyperband": (sweep.Hyperband(max_epochs=4, factor=2), {}),
    "hyperband stops": (sweep.Hyperband(max_epochs=4, factor=2, resume=False), {}),
    "freeze-thaw": (sweep.FreezeThaw(max_epochs=4), {}),
    "freeze-thaw and the same model": (sweep.FreezeThaw(max_epochs=4), {"sampler": "gp"}),
    "freeze-thaw with repeats": (sweep.FreezeThaw(max_epochs=4), {"repeats": 2}),
    "median": (sweep.Median(1, 2), {}),
    "percentile": (sweep.Percentile(30, 1, 2), {}),
    "threshold": (sweep.Threshold(upper=0.3, warmup_epochs=2), {}),
    "patient": (sweep.Patient(sweep.Median(0, 2), patience=1, min_change=0.2), {}),
    "wilcoxon over folds": (sweep.Wilcoxon(p=0.2, min_pairs=3), FOLDS),
    "wilcoxon over repeats": (sweep.Wilcoxon(p=0.2, min_pairs=3), REPEATS),
    "optuna's halving": (
        sweep.OptunaPruner(lambda: SuccessiveHalvingPruner(1, reduction_factor=2)),
        {},
    ),
    "optuna's median": (sweep.OptunaPruner(lambda: MedianPruner(2, 1)), {}),
    "the user's own": (sweep.OptunaPruner(EveryThird), {}),
    "asha of two objectives": (sweep.Asha(factor=2, max_epochs=4), TWO),
    "asha of two objectives stops": (sweep.Asha(factor=2, max_epochs=4, resume=False), TWO),
    "median of two objectives": (sweep.Median(1, 2), TWO),
}


@pytest.mark.parametrize("name", CASES)
def test_one_table_on_any_number_of_slots_whatever_dies(
    make_study: MakeStudy, tmp_path: Path, name: str
) -> None:
    pruner, more = CASES[name]
    study = make_study(train=few_epochs, pruner=pruner, trials=18, **more)
    study = replace(study, deterministic=True, window=3)
    records = check_one_table(study, tmp_path, kills=4)
    endings = {record.ending for record in records}
    assert endings == {Ending.COMPLETE, Ending.PRUNED}


def n_epochs(records: list[TrialRecord]) -> list[int]:
    return sorted({len(record.epochs) for record in records if record.ending is Ending.PRUNED})


@pytest.mark.parametrize(
    ("name", "lengths"),
    [
        ("threshold", [3]),
        ("the user's own", [2, 3]),  # 3 where it might have been over after 2
        ("wilcoxon over folds", [3]),
        ("wilcoxon over repeats", [12, 16]),  # never in the middle of a training
        ("asha with repeats", [1, 2]),
    ],
)
def test_trials_are_stopped_where_the_pruner_decides(
    make_study: MakeStudy, tmp_path: Path, name: str, lengths: list[int]
) -> None:
    pruner, more = CASES[name]
    study = make_study(train=few_epochs, pruner=pruner, trials=18, **more)
    found = n_epochs(drive(study, tmp_path, slots=1, order=0))
    assert found
    assert set(found) <= set(lengths)


@pytest.mark.parametrize("resume", [True, False])
def test_what_no_trial_dominates_at_a_rung_goes_on(
    make_study: MakeStudy, tmp_path: Path, *, resume: bool
) -> None:
    pruner = sweep.Asha(min_epochs=2, factor=2, max_epochs=4, resume=resume)
    study = make_study(train=few_epochs, pruner=pruner, trials=16, sampler="random", **TWO)
    records = drive(study, tmp_path, slots=1, order=0)
    points = np.array([values_after(record, 2, study.objectives) for record in records])
    first = [record for record, rank in zip(records, ranks(points), strict=True) if rank == 0]
    assert 1 < len(first) < 8
    assert {record.ending for record in first} == {Ending.COMPLETE}
    assert {record.ending for record in records} == {Ending.COMPLETE, Ending.PRUNED}


def test_a_pruner_of_optuna_is_shown_curves_and_endings(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    seen: dict[int, list[tuple[int, str, dict[int, float]]]] = {}

    class Look(BasePruner):
        def prune(self, study: OptunaStudy, trial: FrozenTrial) -> bool:
            others = study.get_trials(deepcopy=False)
            shown = [(t.number, t.state.name, dict(t.intermediate_values)) for t in others]
            seen[trial.number] = [other for other in shown if other[0] != trial.number]
            return False

    study = make_study(train=few_epochs, pruner=sweep.OptunaPruner(Look), trials=3)
    records = drive(study, tmp_path, slots=1, order=0)
    assert seen[2] == [
        (r.number, "COMPLETE", dict(enumerate(r.curve("loss"), 1))) for r in records[:2]
    ]


def test_what_a_study_says_of_its_pruner_must_be_one(make_study: MakeStudy) -> None:
    with pytest.raises(sweep.StudyError, match=r"OptunaPruner: expected a function that returns a"):
        sweep.OptunaPruner(MedianPruner())  # type: ignore[arg-type]
    with pytest.raises(sweep.StudyError, match=r"pruner to be Asha.*, OptunaPruner\(...\) or None"):
        make_study(pruner=MedianPruner())
    with pytest.raises(sweep.StudyError, match=r"expected repeats > 1 or score 'mean' for Wilcox"):
        make_study(pruner=sweep.Wilcoxon())


def test_what_makes_a_pruner_must_make_one_of_optuna(make_study: MakeStudy, tmp_path: Path) -> None:
    wrong: Any = sweep.OptunaPruner(lambda: "median")  # type: ignore[arg-type, return-value]
    with pytest.raises(sweep.StudyError, match=r"OptunaPruner: expected make\(\) to return a pru"):
        drive(make_study(pruner=wrong), tmp_path, slots=1, order=0)
