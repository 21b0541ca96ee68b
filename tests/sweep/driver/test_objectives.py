"""Several objectives, constraints and infeasible draws: whatever dies, and with every sampler."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

import sweep
from sweep.errors import StudyError
from sweep.samplers.kinds import SAMPLERS
from sweep.trials.records import Ending
from tests.sweep.driver.shuffled import check_one_table

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def space(trial: sweep.Trial) -> dict[str, Any]:
    config = {"x": trial.suggest_float("x", 0, 1, step=0.05), "k": trial.suggest_int("k", 1, 9)}
    if config["k"] * config["x"] > 3:
        raise sweep.Infeasible("too large")
    if trial.suggest_categorical("deep", (False, True)):
        config["depth"] = trial.suggest_int("depth", 2, 4)
    return config


def train(
    config: dict[str, Any], _data: object, _seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    """Three epochs: the more of "k", the less of "loss" and the larger; "size" has a bound."""
    for epoch in range(0 if state is None else state["epoch"], 3):
        loss = (config["x"] - 0.3) ** 2 + 1 / config["k"] + 1 / (epoch + 1)
        size = config["k"] * config.get("depth", 1)
        yield sweep.Epoch({"loss": loss, "size": size, "speed": 9 / size}, {"epoch": epoch + 1})


GOALS: dict[str, Any] = {
    "space": space,
    "train": train,
    "minimize": ("loss", "size"),
    "constraints": {"size": (None, 20), "speed": (0.5, None)},
}


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "cmaes"])
def test_one_table_whatever_dies_and_every_suggestion_replays(
    make_study: MakeStudy, tmp_path: Path, sampler: str
) -> None:
    study = make_study(**GOALS, sampler=sampler, deterministic=True, window=4, trials=30)
    records = check_one_table(study, tmp_path)
    assert len(records) == 30
    assert any(record.infeasible_draws for record in records)
    assert any(record.is_feasible for record in records)


def test_a_sampler_of_one_objective_is_refused(make_study: MakeStudy, inline: Inline) -> None:
    pytest.importorskip("cmaes")
    with pytest.raises(StudyError, match=r"'cmaes' takes one objective, got 2; use 'auto', 'tpe'"):
        inline(make_study(**GOALS, sampler="cmaes"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> sweep.Run:
    study = sweep.Study(name="toy", trials=20, **GOALS)
    return sweep.run(study, sweep.Options(runs=tmp_path_factory.mktemp("runs"), pool="inline"))


def test_optunas_tools_see_the_same_front_and_constraints(finished: sweep.Run) -> None:
    storage = f"sqlite:///{finished.directory.path}/sweep.db"
    study = optuna.load_study(study_name="toy", storage=storage)
    assert [d.name for d in study.directions] == ["MINIMIZE", "MINIMIZE"]
    assert {t.number for t in study.best_trials} == {r.number for r in finished.front}
    for trial, record in zip(study.trials, finished.records, strict=True):
        assert tuple(trial.values) == record.scores
        assert trial.constraints == record.violations
        size, speed = record.epochs[-1].metrics["size"], record.epochs[-1].metrics["speed"]
        assert record.violations == {"size": (size - 20) / 20, "speed": (0.5 - speed) / 0.5}


def test_what_violates_a_constraint_is_never_best(make_study: MakeStudy, inline: Inline) -> None:
    changes = GOALS | {"minimize": "loss", "constraints": {"size": (None, 3)}, "sampler": "random"}
    run = inline(make_study(**changes, trials=12))
    better = [r for r in run.records if r.score is not None and r.score < run.best.score]  # type: ignore[union-attr]
    assert better
    assert not any(record.is_feasible for record in better)
    assert run.best is not None
    assert run.best.is_feasible
    none = inline(make_study(**changes | {"constraints": {"size": (0, 0.5)}}, name="none"))
    assert none.best is None
    assert none.front == []


def test_the_run_knows_seconds_by_itself(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(
        make_study(
            minimize=("seconds_per_epoch", "loss"),
            maximize="core_seconds",
            constraints={"seconds": (0, 60)},
            repeats=2,
        )
    )
    for record in run.records:
        means = [sum(e.seconds for e in t) / len(t) for t in record.trainings()]
        assert record.scores[0] == pytest.approx(sum(means) / 2)
        assert record.scores[2] == pytest.approx(record.cpu_seconds / 2)
        assert record.violations["seconds"] <= 0


def test_other_metrics_are_those_of_the_epoch_that_counts(
    make_study: MakeStudy, inline: Inline
) -> None:
    def worse(config: Any, _data: Any, _seed: int, _state: Any) -> Iterator[dict[str, float]]:
        for epoch, loss in enumerate((3, 1, 2)):
            yield {"loss": loss, "size": epoch, "acc": -epoch}

    study = make_study(
        train=worse,
        minimize=("loss", "size"),
        constraints={"acc": (-1, None)},
        score="best",
        trials=1,
    )
    (record,) = inline(study).records
    assert record.scores == (1, 1)
    assert record.violations == {"acc": 0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimize": ("loss", "sise")}, "expected the metric 'sise' in every epoch, got"),
        ({"constraints": {"weight": (0, 1)}}, "expected the metric 'weight' in every epoch, got"),
        (
            {"minimize": "seconds", "score": "best"},
            "expected the metric 'seconds' in every epoch, got",
        ),
    ],
)
def test_a_metric_that_no_epoch_reports_leaves_no_trace(
    make_study: MakeStudy, inline: Inline, tmp_path: Path, changes: Any, message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        inline(make_study(**GOALS | changes))
    assert not (tmp_path / "runs" / "toy").exists()


def test_any_objective_that_is_not_finite_makes_the_trial_diverge(
    make_study: MakeStudy, inline: Inline
) -> None:
    def diverging(config: Any, _data: Any, _seed: int, _state: Any) -> Iterator[dict[str, float]]:
        yield {"loss": 1, "size": float("inf")}

    run = inline(make_study(train=diverging, minimize=("loss", "size"), trials=2))
    assert [record.ending for record in run.records] == [Ending.DIVERGED] * 2
    assert run.records[0].failure is not None
    assert run.records[0].failure.message == "size is inf after epoch 1"


def test_a_space_that_refuses_everything_is_refused(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    def never(trial: sweep.Trial) -> dict[str, Any]:
        trial.suggest_int("k", 1, 3)
        raise sweep.Infeasible("no memory has room for it")

    with pytest.raises(StudyError, match=r"got 1000 infeasible ones in a row \(the last: no memo"):
        inline(make_study(space=never, sampler="random"))
    with pytest.raises(StudyError, match=r"a feasible point of the grid, got none of 3 \(no mem"):
        inline(make_study(space=never, sampler="grid"))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_parameters_to_try_first_have_to_be_feasible(
    make_study: MakeStudy, inline: Inline, sampler: str
) -> None:
    first = ({"x": 1.0, "k": 9},)
    with pytest.raises(StudyError, match=r"first: expected feasible parameters, got .* \(too larg"):
        inline(make_study(**GOALS, sampler=sampler, first=first))


def test_a_grid_has_the_feasible_points_once(make_study: MakeStudy, inline: Inline) -> None:
    def small(trial: sweep.Trial) -> dict[str, Any]:
        config = {"x": trial.suggest_int("x", 1, 4), "k": trial.suggest_int("k", 1, 4)}
        if config["x"] * config["k"] > 5:
            raise sweep.Infeasible("too large")
        return config

    run = inline(make_study(space=small, sampler="grid", trials=99, minimize="loss"))
    points = {(r.params["x"], r.params["k"]) for r in run.records}
    assert points == {(x, k) for x in range(1, 5) for k in range(1, 5) if x * k <= 5}
    assert len(run.records) == len(points)


def test_the_objectives_and_constraints_of_a_run_may_not_change(
    make_study: MakeStudy, inline: Inline
) -> None:
    inline(make_study(**GOALS, trials=2))
    for changes, message in (
        ({"minimize": ("loss", "speed")}, r"further_objectives \[\['size', 'minimize'\]\] -> "),
        ({"constraints": {}}, r"constraints {'size': \[None, 20\], .* -> {}"),
    ):
        with pytest.raises(sweep.RunError, match=message):
            inline(make_study(**GOALS | changes, trials=2), accept_changes=True)


def test_the_states_of_the_front_are_kept(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(make_study(**GOALS, trials=12))
    kept = {int(path.stem[-5:]) for path in run.directory.checkpoints.glob("*.safetensors")}
    assert kept == {record.number for record in run.front}
    assert len(kept) > 1
